import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { answerBulk, type FakeIndices, type ItemFault, matches } from "./fake-bulk.ts";
import { error, json, type FakeReply } from "./fake-replies.ts";

/** What credentials may do, by the value of the `Authorization` header. */
export interface FakeKey {
  readonly write?: boolean;
  readonly manageTemplates?: boolean;
  readonly monitor?: boolean;
}

/** One request as the fake server read it. */
export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Decompressed. */
  readonly body: string;
  /** Bytes on the wire. */
  readonly bytes: number;
}

/** How the fake server behaves. */
export interface FakeOptions {
  /** @default "9.5.3" */
  readonly version?: string;
  readonly flavor?: string;
  /** Keys by header value; without any there is no security. */
  readonly keys?: Readonly<Record<string, FakeKey>>;
  readonly maxContentLength?: number;
  /** Streams that keep rejected documents apart. */
  readonly failureStore?: boolean;
  /** Whether `metrics-*-*` has a template from the start, as on a full server. */
  readonly builtIn?: boolean;
}

/** A template as it was put. */
export interface FakeTemplate {
  readonly index_patterns: readonly string[];
  readonly priority?: number;
  readonly version?: number;
  readonly data_stream?: object;
  readonly _meta?: { readonly managed_by?: string; readonly retention?: string };
  readonly template?: {
    readonly settings?: Readonly<Record<string, unknown>>;
    readonly mappings?: { readonly properties?: Readonly<Record<string, unknown>> };
    readonly lifecycle?: { readonly data_retention?: string };
  };
}

/** An Elasticsearch on 127.0.0.1 as far as this package can tell; its answers are those that real servers gave. */
export interface FakeElasticsearch extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly FakeRequest[];
  readonly templates: Map<string, FakeTemplate>;
  readonly indices: FakeIndices;
  /** Answers in place of the server; undefined lets it answer itself. */
  intercept: ((request: FakeRequest) => FakeReply | "hang" | "reset" | undefined) | undefined;
  /** Decides on single documents. */
  fault: ItemFault | undefined;
  /** Bulk requests so far. */
  readonly bulks: readonly FakeRequest[];
  /** Documents of an index or stream, by id. */
  documents(index: string): Readonly<Record<string, unknown>>;
}

/** Opens a fake server. */
export async function openFakeElasticsearch(options: FakeOptions = {}): Promise<FakeElasticsearch> {
  const requests: FakeRequest[] = [];
  const templates = new Map<string, FakeTemplate>();
  if (options.builtIn === true)
    templates.set("metrics", { index_patterns: ["metrics-*-*"], priority: 100, data_stream: {} });
  const indices: FakeIndices = new Map();

  const server = createServer((from, to) => {
    serve(from, to).catch(() => from.socket.destroy());
  });

  async function serve(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const raw = await buffer(from);
    const plain = from.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw;
    const url = new URL(from.url ?? "/", "http://fake");
    const request: FakeRequest = {
      method: from.method ?? "",
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      headers: from.headers,
      body: plain.toString("utf8"),
      bytes: raw.length,
    };
    requests.push(request);
    const planned = fake.intercept?.(request);
    if (planned === "hang") return;
    if (planned === "reset") return void from.socket.resetAndDestroy();
    // The limit counts plain bytes, and the answer knows nothing of the product.
    const tooLarge = plain.length > (options.maxContentLength ?? Infinity);
    write(to, planned ?? (tooLarge ? { status: 413, product: false } : answer(request)));
  }

  function answer(request: FakeRequest): FakeReply {
    const { method, path, headers } = request;
    const key = options.keys === undefined ? ALL : options.keys[headers.authorization ?? ""];
    if (key === undefined) return error(401, "security_exception", "unable to authenticate user");
    if (path === "/") return key.monitor === true ? info() : denied();
    if (path.startsWith(SIMULATE))
      return key.manageTemplates === true ? json(200, simulated(path.slice(SIMULATE.length))) : denied();
    if (path === "/_index_template") return key.manageTemplates === true ? listed() : denied();
    if (path.startsWith(RESOLVE)) return resolve(path.slice(RESOLVE.length));
    if (path.startsWith("/_index_template/"))
      return key.manageTemplates === true ? template(request, path.slice("/_index_template/".length)) : denied();
    if (path === "/_security/user/_has_privileges" && options.keys !== undefined)
      return json(200, { username: "key", has_all_requested: key.write === true });
    if (method === "POST" && path.endsWith("/_bulk"))
      return answerBulk(request, path.slice(1, -"/_bulk".length), {
        major: Number((options.version ?? "9").split(".")[0]),
        templates,
        indices,
        mayWrite: key.write === true,
        failureStore: options.failureStore === true,
        fault: fake.fault,
      });
    return json(400, { error: `no handler found for uri [${path}] and method [${method}]` });
  }

  function simulated(name: string): object {
    const [winner, ...others] = [...templates]
      .filter(([, { index_patterns: patterns }]) => patterns.some((pattern) => matches(pattern, name)))
      .toSorted(([, one], [, other]) => (other.priority ?? 0) - (one.priority ?? 0));
    if (winner === undefined) return {};
    const mappings = winner[1].data_stream === undefined ? {} : { mappings: { _data_stream_timestamp: {} } };
    const overlapping = others.map(([other]) => ({ name: other }));
    return { template: { ...mappings, aliases: {} }, ...(overlapping.length === 0 ? {} : { overlapping }) };
  }

  function listed(): FakeReply {
    const all = [...templates].map(([name, found]) => ({ name, index_template: found }));
    return json(200, { index_templates: all });
  }

  function resolve(name: string): FakeReply {
    if (!indices.has(name)) return error(404, "index_not_found_exception", `no such index [${name}]`);
    return json(200, { data_streams: [{ name }] });
  }

  function info(): FakeReply {
    const version = { number: options.version ?? "9.5.3", build_flavor: options.flavor ?? "default" };
    return json(200, { name: "fake", version, tagline: "You Know, for Search" });
  }

  function template({ method, body, query }: FakeRequest, name: string): FakeReply {
    if (method === "GET") {
      const found = templates.get(name);
      if (found === undefined) return error(404, "resource_not_found_exception", "index template not found");
      const filter = query.get("filter_path")?.split(",") ?? [];
      return json(200, filtered({ index_templates: [{ name, index_template: found }] }, filter, "") ?? {});
    }
    const given = JSON.parse(body) as FakeTemplate;
    for (const [other, { priority, index_patterns: patterns }] of templates)
      if (other !== name && priority === given.priority && patterns.some((one) => given.index_patterns.includes(one)))
        return error(400, "illegal_argument_exception", `index template [${name}] has the same priority as [${other}]`);
    templates.set(name, given);
    return json(200, { acknowledged: true });
  }

  // The server's ends of connections are not what a test of the client's looks for.
  server.on("connection", (socket) => socket.unref());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const fake: FakeElasticsearch = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    templates,
    indices,
    intercept: undefined,
    fault: undefined,
    get bulks() {
      return requests.filter(({ path }) => path.endsWith("/_bulk"));
    },
    documents: (index) => Object.fromEntries(indices.get(index)?.documents ?? []),
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return fake;
}

/** What a real server leaves of an answer: what the filter names, and nothing that is empty. */
function filtered(value: unknown, filter: readonly string[], path: string): unknown {
  if (filter.includes(path)) return value;
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value)) {
    const kept = (value as unknown[]).map((item) => filtered(item, filter, path)).filter((item) => item !== undefined);
    return kept.length === 0 ? undefined : kept;
  }
  const kept = Object.entries(value)
    .map(([name, item]) => [name, filtered(item, filter, path === "" ? name : `${path}.${name}`)] as const)
    .filter(([, item]) => item !== undefined);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

const SIMULATE = "/_index_template/_simulate_index/";
const RESOLVE = "/_resolve/index/";
const ALL: FakeKey = { write: true, manageTemplates: true, monitor: true };

function denied(): FakeReply {
  return error(403, "security_exception", "action is unauthorized for API key id [k1] of user [eve-secret]");
}

function write(to: ServerResponse, { status, body, headers, product = true }: FakeReply): void {
  const isRaw = typeof body === "string" || Buffer.isBuffer(body);
  const bytes = isRaw ? Buffer.from(body as Buffer) : Buffer.from(body === undefined ? "" : JSON.stringify(body));
  to.writeHead(status, {
    ...(product ? { "x-elastic-product": "Elasticsearch" } : {}),
    ...(bytes.length === 0 ? {} : { "content-type": isRaw ? "text/html" : "application/json" }),
    "content-length": bytes.length,
    ...headers,
  });
  to.end(bytes);
}
