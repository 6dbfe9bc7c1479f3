import { type ApiAnswer, type CloudApi, TILE_HINT } from "./cloud-api.ts";
import { isLoopback, readEndpointUrl } from "./endpoint.ts";
import { isJsonObject, type JsonObject } from "./json.ts";
import type { RequestFailure } from "./request-failure.ts";

/** Which stack is looked for. */
export interface StackQuery {
  readonly orgSlug: string;
  readonly region: string;
  readonly stackSlug: string | undefined;
}

/** A stack's endpoint. */
export interface StackEndpoint {
  readonly url: string;
  /** Id of the stack: the user that its endpoint asks for. */
  readonly instanceId: string;
  readonly slug: string;
}

/** A stack's endpoint, or why it was not found. */
export type FoundStack =
  | { readonly stack: StackEndpoint; readonly failure?: undefined }
  | { readonly failure: RequestFailure; readonly stack?: undefined };

interface Stack {
  readonly id: string;
  readonly slug: string;
  readonly status: string;
  readonly region: string;
  readonly cluster: string;
}

const MAX_PAGES = 50;
const MAX_LISTED = 10;

/** Finds the endpoint of one stack: among those of the organisation first, then by its connections. Never rejects. */
export async function discover(api: CloudApi, query: StackQuery, signal: AbortSignal): Promise<FoundStack> {
  const listed = await listStacks(api, query, signal);
  if ("failure" in listed) return listed;
  const chosen = chooseStack(listed.stacks, query);
  if ("failure" in chosen) return chosen;
  const { id, slug } = chosen;
  const url = await otlpUrl(api, chosen, signal);
  if (typeof url !== "string") return url;
  return { stack: { url, instanceId: id, slug } };
}

async function listStacks(
  api: CloudApi,
  { orgSlug, stackSlug }: StackQuery,
  signal: AbortSignal,
): Promise<{ readonly stacks: readonly Stack[] } | { readonly failure: RequestFailure }> {
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
    slug: nameOf(slug),
    status: nameOf(status),
    region: nameOf(regionSlug),
    cluster: nameOf(clusterSlug),
  };
}

// Names of somebody else's: they go into messages. No key consists of small letters, as all of these do.
function nameOf(value: unknown): string {
  return typeof value === "string" && /^[a-z0-9_.-]{1,128}$/.test(value) ? value : "?";
}

function chooseStack(
  stacks: readonly Stack[],
  { orgSlug, region, stackSlug }: StackQuery,
): Stack | { readonly failure: RequestFailure } {
  const named = stackSlug === undefined ? stacks : stacks.filter(({ slug }) => slug === stackSlug);
  const there = named.filter((stack) => stack.region === region || stack.cluster === region);
  const [stack, ...others] = there.filter(({ status }) => status === "active");
  if (stack !== undefined && others.length === 0) return stack;
  if (stack !== undefined)
    return unfound(
      `organisation ${orgSlug} has ${others.length + 1} stacks in region ${region}: ${list([stack, ...others])}`,
      "say which one by stackSlug",
    );
  const [asleep] = there;
  if (asleep !== undefined)
    return unfound(
      `no stack of organisation ${orgSlug} in region ${region} is active: ${list(there)}`,
      "wake it up on grafana.com",
    );
  const which = stackSlug === undefined ? "no stack" : `no stack ${stackSlug}`;
  const known = named.length > 0 ? named : stacks;
  const has = known.length === 0 ? "" : `, but ${list(known)}`;
  return unfound(
    `organisation ${orgSlug} has ${which} in region ${region}${has}`,
    "check orgSlug, region and stackSlug",
  );
}

function list(stacks: readonly Stack[]): string {
  const shown = stacks.slice(0, MAX_LISTED).map(({ slug, region, cluster, status }) => {
    const where = cluster === region || cluster === "?" ? region : `${region} or ${cluster}`;
    return `${slug} (${where}${status === "active" ? "" : `, ${status}`})`;
  });
  return stacks.length > MAX_LISTED ? `${shown.join(", ")} and ${stacks.length - MAX_LISTED} more` : shown.join(", ");
}

function unfound(message: string, hint: string): { readonly failure: RequestFailure } {
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

async function otlpUrl(
  api: CloudApi,
  { id, slug }: Stack,
  signal: AbortSignal,
): Promise<string | { readonly failure: RequestFailure }> {
  const newer = await api.get(`/v1/stacks/${id}/connections`, signal);
  const url = urlIn(newer, (data) => (isJsonObject(data["otlp"]) ? data["otlp"]["url"] : undefined));
  if (url === undefined && newer.failure !== undefined && !newer.missing) return { failure: newer.failure };
  const older = url === undefined ? await api.get(`/instances/${id}/connections`, signal) : undefined;
  if (older?.failure !== undefined && !older.missing) return { failure: older.failure };
  const given = url ?? (older && urlIn(older, (data) => data["otlpHttpUrl"]));
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

function urlIn(answer: ApiAnswer, read: (data: JsonObject) => unknown): string | undefined {
  const url = answer.data && read(answer.data);
  return typeof url === "string" && url !== "" ? url : undefined;
}
