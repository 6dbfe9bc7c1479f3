// Look-up of a stack's OTLP endpoint in the Cloud API, by organisation, region and, where there are several, name.
import { type ApiResult, type CloudApi, TILE_HINT } from "./cloud-api.ts";
import { isLoopback, readEndpointUrl } from "./endpoint.ts";
import { isJsonObject, type JsonObject } from "./json.ts";
import type { RequestFailure } from "./request-failure.ts";

/** Which stack is looked for. */
export interface StackQuery {
  readonly orgSlug: string;
  /** Region or cluster. */
  readonly region: string;
  /** Undefined for the only one of the region. */
  readonly stackSlug: string | undefined;
}

/** The endpoint of a stack. */
export interface FoundEndpoint {
  readonly url: string;
  /** Id of the stack: the user name at its endpoint. */
  readonly instanceId: string;
  readonly slug: string;
}

/** The endpoint of a stack, or why it was not found. */
export type LookUpResult = { readonly found: FoundEndpoint; readonly failure?: undefined } | Failed;

interface Failed {
  readonly failure: RequestFailure;
  readonly found?: undefined;
}

interface Stack {
  readonly id: string;
  readonly slug: string;
  readonly status: string;
  readonly region: string;
  readonly cluster: string;
}

/** Most pages that are read of one list of stacks. */
const MAX_PAGES = 50;
/** Most stacks that one message names. */
const MAX_NAMED = 10;

/** Looks up the endpoint of one stack: first the stack among those of the organisation, then its connections. Never rejects. */
export async function lookUpEndpoint(api: CloudApi, query: StackQuery, signal: AbortSignal): Promise<LookUpResult> {
  const listed = await listStacks(api, query, signal);
  if ("failure" in listed) return listed;
  const stack = chooseStack(listed.stacks, query);
  if ("failure" in stack) return stack;
  const url = await readOtlpUrl(api, stack, signal);
  if (typeof url !== "string") return url;
  return { found: { url, instanceId: stack.id, slug: stack.slug } };
}

async function listStacks(
  api: CloudApi,
  { orgSlug, stackSlug }: StackQuery,
  signal: AbortSignal,
): Promise<{ readonly stacks: readonly Stack[] } | Failed> {
  const path = `/orgs/${encodeURIComponent(orgSlug)}/instances`;
  const filter = stackSlug === undefined ? "" : `slug=${encodeURIComponent(stackSlug)}`;
  const byId = new Map<string, Stack>();
  for (let page = 1, pages = 1; page <= pages && page <= MAX_PAGES; page += 1) {
    const search = [filter, page === 1 ? "" : `page=${page}`].filter(Boolean).join("&");
    // oxlint-disable-next-line no-await-in-loop -- the first page says how many there are
    const { data, failure } = await api.get(`${path}${search && `?${search}`}`, signal);
    if (failure !== undefined) return { failure };
    const items = Array.isArray(data["items"]) ? (data["items"] as unknown[]) : undefined;
    if (items === undefined) return { failure: unreadable("the list of stacks") };
    for (const stack of items.map(readStack)) if (stack !== undefined) byId.set(stack.id, stack);
    pages = typeof data["pages"] === "number" ? data["pages"] : 1;
  }
  return { stacks: [...byId.values()] };
}

function readStack(item: unknown): Stack | undefined {
  if (!isJsonObject(item)) return undefined;
  const { id, slug, status, regionSlug, clusterSlug } = item;
  if (!(typeof id === "number" || typeof id === "string") || !/^\d{1,20}$/.test(String(id))) return undefined;
  return {
    id: String(id),
    slug: safeName(slug),
    status: safeName(status),
    region: safeName(regionSlug),
    cluster: safeName(clusterSlug),
  };
}

// These names are not ours, and go into messages. All of them consist of small letters, which no key does.
function safeName(value: unknown): string {
  return typeof value === "string" && /^[a-z0-9_.-]{1,128}$/.test(value) ? value : "?";
}

function chooseStack(stacks: readonly Stack[], { orgSlug, region, stackSlug }: StackQuery): Stack | Failed {
  const named = stackSlug === undefined ? stacks : stacks.filter(({ slug }) => slug === stackSlug);
  const inRegion = named.filter((stack) => stack.region === region || stack.cluster === region);
  const [stack, ...others] = inRegion.filter(({ status }) => status === "active");
  if (stack !== undefined && others.length === 0) return stack;
  if (stack !== undefined)
    return stackUnknown(
      `organisation ${orgSlug} has ${others.length + 1} stacks in region ${region}: ${stackNames([stack, ...others])}`,
      "say which one by stackSlug",
    );
  if (inRegion.length > 0)
    return stackUnknown(
      `no stack of organisation ${orgSlug} in region ${region} is active: ${stackNames(inRegion)}`,
      "wake it up on grafana.com",
    );
  const which = stackSlug === undefined ? "no stack" : `no stack ${stackSlug}`;
  const known = named.length > 0 ? named : stacks;
  const elsewhere = known.length === 0 ? "" : `, but ${stackNames(known)}`;
  return stackUnknown(
    `organisation ${orgSlug} has ${which} in region ${region}${elsewhere}`,
    "check orgSlug, region and stackSlug",
  );
}

function stackNames(stacks: readonly Stack[]): string {
  const names = stacks.slice(0, MAX_NAMED).map(({ slug, region, cluster, status }) => {
    const where = cluster === region || cluster === "?" ? region : `${region} or ${cluster}`;
    return `${slug} (${where}${status === "active" ? "" : `, ${status}`})`;
  });
  return stacks.length > MAX_NAMED ? `${names.join(", ")} and ${stacks.length - MAX_NAMED} more` : names.join(", ");
}

function stackUnknown(message: string, hint: string): Failed {
  return { failure: { kind: "hold", code: "stack-unknown", message, hint } };
}

function unreadable(what: string): RequestFailure {
  return {
    kind: "retry",
    code: "discovery-failed",
    message: `the Cloud API gave ${what} in a form that cannot be read`,
    hint: `check apiUrl, or ${TILE_HINT}`,
  };
}

/** Reads the OTLP endpoint from the connections of a stack: by the newer route of the API, else by the older one. */
async function readOtlpUrl(api: CloudApi, { id, slug }: Stack, signal: AbortSignal): Promise<string | Failed> {
  const newer = await api.get(`/v1/stacks/${id}/connections`, signal);
  const newerUrl = urlIn(newer, (data) => (isJsonObject(data["otlp"]) ? data["otlp"]["url"] : undefined));
  if (newer.failure !== undefined && !newer.isMissing) return { failure: newer.failure };
  const older = newerUrl === undefined ? await api.get(`/instances/${id}/connections`, signal) : undefined;
  if (older?.failure !== undefined && !older.isMissing) return { failure: older.failure };
  const given = newerUrl ?? (older && urlIn(older, (data) => data["otlpHttpUrl"]));
  if (given === undefined)
    return {
      failure: {
        kind: "hold",
        code: "endpoint-unknown",
        message: `the Cloud API knows no OTLP endpoint of stack ${slug}`,
        hint: `wait if the stack is new, or ${TILE_HINT}`,
      },
    };
  const read = readEndpointUrl(given, { isGrafana: true });
  if (read.url === undefined || (isLoopback(new URL(read.url)) && !api.isLoopback))
    return { failure: unreadable(`the OTLP endpoint of stack ${slug}`) };
  return read.url;
}

function urlIn({ data }: ApiResult, read: (data: JsonObject) => unknown): string | undefined {
  const url = data && read(data);
  return typeof url === "string" && url !== "" ? url : undefined;
}
