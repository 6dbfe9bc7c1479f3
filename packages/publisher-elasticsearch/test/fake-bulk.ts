import { error, type FakeReply, json } from "./fake-replies.ts";
import type { FakeRequest, FakeTemplate } from "./fake-elasticsearch.ts";

/** What an index or stream holds. */
export interface FakeIndex {
  readonly stream: boolean;
  readonly documents: Map<string, unknown>;
  readonly failures: unknown[];
}

/** Indices and streams by name. */
export type FakeIndices = Map<string, FakeIndex>;

/** What becomes of a document; undefined leaves it to the server. */
export type ItemFault = (
  document: unknown,
  index: string,
) => { readonly status: number; readonly type: string } | undefined;

/** What the server knows besides the request. */
export interface FakeBulkInit {
  readonly major: number;
  readonly templates: ReadonlyMap<string, FakeTemplate>;
  readonly indices: FakeIndices;
  readonly mayWrite: boolean;
  readonly failureStore: boolean;
  readonly fault: ItemFault | undefined;
}

interface Item {
  readonly status: number;
  readonly error?: { readonly type: string; readonly reason: string };
  readonly failure_store?: string;
}

const PARAMETERS = new Set(["filter_path", "timeout", "require_data_stream", "refresh", "pipeline"]);

/** Answers a bulk request as Elasticsearch does. */
export function answerBulk(request: FakeRequest, index: string, init: FakeBulkInit): FakeReply {
  const { body, query, headers } = request;
  const accept = /compatible-with=(\d+)/.exec(`${headers.accept} ${headers["content-type"]}`)?.[1];
  if (accept !== undefined && Number(accept) > init.major)
    return error(400, "media_type_header_exception", "Invalid media-type value on headers [Content-Type, Accept]");
  if (!/^application\/(?:x-ndjson|json|vnd\.elasticsearch)/.test(headers["content-type"] ?? ""))
    return json(406, { error: `Content-Type header [${headers["content-type"]}] is not supported`, status: 406 });
  for (const name of query.keys())
    if (!PARAMETERS.has(name))
      return error(400, "illegal_argument_exception", `request [/_bulk] contains unrecognized parameter: [${name}]`);
  if (!body.endsWith("\n"))
    return error(400, "illegal_argument_exception", "The bulk request must be terminated by a newline [\\n]");

  const lines = body.slice(0, -1).split("\n");
  const items: Item[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    const id = idOf(lines[at] ?? "");
    if (id === undefined) return error(400, "x_content_parse_exception", "Unexpected character in action line");
    if (Buffer.byteLength(id) > 512)
      return error(
        400,
        "action_request_validation_exception",
        `id [${id}] is too long, must be no longer than 512 bytes`,
      );
    items.push(store(id, lines[at + 1] ?? "", index, query.get("require_data_stream") === "true", init));
  }
  const filter = (query.get("filter_path") ?? "items.*").split(",");
  const shown = items.map((item) => ({ create: shownOf(item, filter) }));
  return json(200, { errors: items.some((item) => item.error !== undefined), items: shown });
}

function idOf(line: string): string | undefined {
  try {
    const { _id: id } = (JSON.parse(line) as { create: { _id: string } }).create;
    return id;
  } catch {
    return undefined;
  }
}

function store(id: string, line: string, name: string, streamRequired: boolean, init: FakeBulkInit): Item {
  if (!init.mayWrite)
    return rejection(403, "security_exception", "unauthorized for API key id [k1] of user [eve-secret]");
  let index = init.indices.get(name);
  if (index === undefined) {
    const best = [...init.templates.values()]
      .filter(({ index_patterns: patterns }) => patterns.some((pattern) => matches(pattern, name)))
      .toSorted((a, b) => (b.priority ?? 0) - (a.priority ?? 0))[0];
    const stream = best?.data_stream !== undefined;
    if (streamRequired && !stream)
      return rejection(
        404,
        "index_not_found_exception",
        `no such index [${name}] and the request requires a data stream`,
      );
    index = { stream, documents: new Map(), failures: [] };
    init.indices.set(name, index);
  }
  let document: unknown;
  try {
    document = JSON.parse(line);
  } catch {
    return rejection(400, "document_parsing_exception", `failed to parse. Preview of field's value: '${line}'`);
  }
  const fault = init.fault?.(document, name);
  if (fault !== undefined) {
    if (fault.status === 400 && init.failureStore && index.stream) {
      index.failures.push(document);
      return { status: 201, failure_store: "used" };
    }
    return rejection(fault.status, fault.type, `rejected. Preview of field's value: '${line}'`);
  }
  if (index.documents.has(id))
    return rejection(409, "version_conflict_engine_exception", `[${id}]: document already exists`);
  index.documents.set(id, document);
  return { status: 201 };
}

function rejection(status: number, type: string, reason: string): Item {
  return { status, error: { type, reason } };
}

/** Tells whether a pattern of a template, with `*`, takes a name. */
export function matches(pattern: string, name: string): boolean {
  const escaped = pattern.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${escaped.join(".*")}$`, "u").test(name);
}

/** Leaves of an item what `filter_path` asks for. */
function shownOf({ status, error: problem, failure_store: store_ }: Item, filter: readonly string[]): object {
  const all = filter.includes("items.*");
  const wants = (path: string): boolean => all || filter.includes(`items.*.${path}`);
  const type = wants("error.type") ? { type: problem?.type } : {};
  const reason = wants("error.reason") ? { reason: problem?.reason } : {};
  return {
    ...(wants("status") ? { status } : {}),
    ...(problem === undefined ? {} : { error: { ...type, ...reason } }),
    ...(store_ !== undefined && wants("failure_store") ? { failure_store: store_ } : {}),
  };
}
