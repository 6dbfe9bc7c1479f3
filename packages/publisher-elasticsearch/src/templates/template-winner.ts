// The index template that decides about a data stream or index: which one wins, and whether the publisher can work with it.
import { withTimeLimit } from "@eventmeter/delivery";
import type { ElasticsearchClient } from "../connection/client-types.ts";
import { isProblem } from "../connection/problem.ts";
import { type Reply, statusOf, statusText } from "../connection/reply.ts";
import { askHosts } from "../connection/request.ts";
import { dailyName, type RecordKind, streamName } from "../index-names.ts";
import type { ResolvedOptions } from "../options.ts";
import { PRIORITY, templateName } from "./index-template.ts";

/** What the templates on a server mean for what a publisher writes to. */
export interface TemplateFinding {
  /**
   * - `missing`: no template makes the data streams, and none of them exists.
   * - `shadowed`: the template that wins makes no data streams, and none of them exists. Documents would be rejected.
   * - `mappings`: the template that wins has another owner. Documents are stored with its mappings.
   * - `unknown`: the server does not say which template wins.
   */
  readonly kind: "missing" | "shadowed" | "mappings" | "unknown";
  /** What was found, as a sentence without its beginning. */
  readonly message: string;
  readonly hint: string;
  /** Whether the credentials may not ask. */
  readonly isDenied: boolean;
}

const KINDS: readonly RecordKind[] = ["event", "network"];
/** Clusters with hundreds of templates exist. */
const LIST_BYTES = 1_048_576;
/** Field that Elasticsearch adds to the mappings of a template with `data_stream`. */
const STREAM_MARKER = "_data_stream_timestamp";
const SIMULATION_FILTER = `filter_path=overlapping.name,template.aliases,template.mappings.${STREAM_MARKER}`;
const LIST_FILTER = `filter_path=${[
  "name",
  "index_template.priority",
  "index_template.index_patterns",
  "index_template.data_stream",
]
  .map((field) => `index_templates.${field}`)
  .join(",")}`;

/** One server and how it is asked. */
interface Inquiry {
  readonly client: ElasticsearchClient;
  readonly options: ResolvedOptions;
  readonly signal: AbortSignal;
}

/** Asks which templates win, for everything that a publisher writes to. Takes at most a quarter of the time of a request. Never rejects. */
export async function findTemplateProblems(
  client: ElasticsearchClient,
  options: ResolvedOptions,
  signal: AbortSignal,
): Promise<readonly TemplateFinding[]> {
  const limit = { clock: options.clock, timeoutMs: options.sendTimeoutMs / 4, signal };
  const states = await withTimeLimit(limit, (limited) => statesOf({ client, options, signal: limited }));
  const targetsByState = new Map<string, { readonly state: TargetState; readonly targets: string[] }>();
  for (const state of states) {
    const { target, ...rest } = state;
    const key = JSON.stringify(rest);
    const same = targetsByState.get(key);
    if (same === undefined) targetsByState.set(key, { state, targets: [target] });
    else same.targets.push(target);
  }
  return [...targetsByState.values()].map(({ state, targets }) => findingOf(state, targets.join(" and "), options));
}

async function statesOf(inquiry: Inquiry): Promise<readonly TargetState[]> {
  const states: TargetState[] = [];
  for (const target of targetsOf(inquiry.options)) {
    // oxlint-disable-next-line no-await-in-loop -- a server that does not say it of one does not say it of the next
    const state = await stateOf(target, inquiry);
    if (state !== undefined) states.push(state);
    if (state?.kind === "unknown") break;
  }
  return states;
}

function targetsOf({ namespace, indexPrefix, clock }: ResolvedOptions): readonly string[] {
  return KINDS.map((kind) =>
    indexPrefix === undefined ? streamName(kind, namespace) : dailyName(kind, indexPrefix, clock.now()),
  );
}

interface TargetState {
  readonly target: string;
  readonly kind: TemplateFinding["kind"];
  readonly winner?: Template | undefined;
  /** Why the server does not say. */
  readonly status?: string | undefined;
  readonly isDenied?: boolean;
}

/** Returns what is to be said of one data stream or index; undefined if a template fits, or none is needed. */
async function stateOf(target: string, inquiry: Inquiry): Promise<TargetState | undefined> {
  const { indexPrefix, templates } = inquiry.options;
  const isStream = indexPrefix === undefined;
  const simulated = await ask(inquiry, {
    method: "POST",
    path: `/_index_template/_simulate_index/${encodeURIComponent(target)}`,
    querystring: SIMULATION_FILTER,
  });
  if (typeof simulated === "string") return { target, kind: "unknown", status: simulated };
  if (simulated.status !== 200)
    return { target, kind: "unknown", status: statusText(statusOf(simulated)), isDenied: simulated.status === 403 };
  const { template, overlapping } = (simulated.body ?? {}) as Simulation;
  if (template === undefined)
    return isStream && !templates && !(await existsStream(target, inquiry)) ? { target, kind: "missing" } : undefined;
  const own = templateName(inquiry.options);
  const isShadowed = templates && Array.isArray(overlapping) && overlapping.some((one) => one?.name === own);
  const makesStream = Object.hasOwn(template?.mappings ?? {}, STREAM_MARKER);
  if (!isShadowed && makesStream === isStream) return undefined;
  const winner = await findWinner(target, inquiry);
  // The start will install a template that wins.
  if (!isShadowed && (winner === undefined || winner.name === own || (templates && winner.priority < PRIORITY)))
    return undefined;
  const fits = !isStream || (winner?.isStream ?? makesStream);
  if (fits && !templates) return undefined;
  const kind = fits || (await existsStream(target, inquiry)) ? "mappings" : "shadowed";
  return { target, kind, winner };
}

interface Simulation {
  readonly template?: { readonly mappings?: object };
  readonly overlapping?: readonly ({ readonly name?: unknown } | null)[];
}

async function existsStream(target: string, inquiry: Inquiry): Promise<boolean> {
  const existing = await ask(inquiry, {
    method: "GET",
    path: `/_resolve/index/${encodeURIComponent(target)}`,
    querystring: "filter_path=data_streams.name",
  });
  // A key that may not ask is not told that nothing is there.
  return typeof existing === "string" || existing.status !== 404;
}

/** A composable template. */
interface Template {
  readonly name: string;
  readonly priority: number;
  readonly isStream: boolean;
}

interface ListedTemplate {
  readonly name?: unknown;
  readonly index_template?: {
    readonly priority?: unknown;
    readonly index_patterns?: unknown;
    readonly data_stream?: unknown;
  };
}

/** Returns the template of the highest priority that matches a name: a simulation names only the others. */
async function findWinner(target: string, inquiry: Inquiry): Promise<Template | undefined> {
  const reply = await ask(inquiry, {
    method: "GET",
    path: "/_index_template",
    querystring: LIST_FILTER,
    maxReplyBytes: LIST_BYTES,
  });
  if (typeof reply === "string" || reply.status !== 200) return undefined;
  const { index_templates: listed } = (reply.body ?? {}) as { readonly index_templates?: unknown };
  if (!Array.isArray(listed)) return undefined;
  const matching = (listed as readonly (ListedTemplate | null)[]).flatMap((one): readonly Template[] => {
    const { priority = 0, index_patterns: patterns = [], data_stream: dataStream } = one?.index_template ?? {};
    if (typeof one?.name !== "string" || typeof priority !== "number") return [];
    const isMatch = [patterns].flat().some((pattern) => typeof pattern === "string" && matches(pattern, target));
    return isMatch ? [{ name: one.name.slice(0, 255), priority, isStream: dataStream !== undefined }] : [];
  });
  return matching.toSorted((one, other) => other.priority - one.priority)[0];
}

/** Returns whether a pattern with `*` matches a name. Takes no more time than the product of both lengths. */
function matches(pattern: string, name: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (!name.startsWith(first)) return false;
  const last = rest.pop();
  if (last === undefined) return name === first;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

/** Sends one request and returns its reply, or why there is none. */
async function ask(
  { client, options, signal }: Inquiry,
  request: {
    readonly method: string;
    readonly path: string;
    readonly querystring: string;
    readonly maxReplyBytes?: number;
  },
): Promise<Reply | string> {
  const reply = await askHosts(client, options, { ...request, signal });
  return isProblem(reply) ? reply.code : reply;
}

function findingOf(
  { kind, winner, status, isDenied = false }: TargetState,
  target: string,
  { templates, namespace, indexPrefix }: ResolvedOptions,
): TemplateFinding {
  const own = `${templateName({ namespace, indexPrefix })} (priority ${PRIORITY})`;
  const other = winner === undefined ? "an index template of higher priority" : describe(winner);
  const decides = `${other} decides about ${target}${templates ? `, not ${own}` : ""}`;
  const change = templates
    ? `give it a priority below ${PRIORITY}, or other index_patterns`
    : "change its index_patterns";
  const [message, hint] = {
    missing: [
      `no index template makes ${target} a data stream: records would be held`,
      "leave templates out, or let somebody install a template for it",
    ],
    shadowed: [`${decides}, and makes no data stream: records are held`, `${change}, or add data_stream: {} to it`],
    mappings: [`${decides}: documents that do not fit its mappings are rejected`, change],
    unknown: [
      `which index template decides about ${target} is not known (${status})`,
      "let a key with manage_index_templates call check()",
    ],
  }[kind] as [string, string];
  return { kind, message, hint, isDenied };
}

function describe({ name, priority }: Template): string {
  return `the index template ${name} (priority ${priority})`;
}
