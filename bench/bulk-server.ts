// A stand-in for Elasticsearch in a process of its own: accepts every document, answers as fast as it can, and counts.
// `bulk-server.ts silent | busy | slow` never answers a bulk request, answers 429, or answers after two seconds.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { gunzipSync } from "node:zlib";

/** What the server has accepted since it was last asked. */
export interface BulkCounts {
  readonly documents: number;
  /** Bytes of request bodies, as they were sent. */
  readonly bytes: number;
  /** The same before compression. */
  readonly plainBytes: number;
}

const HEADERS = { "x-elastic-product": "Elasticsearch", "content-type": "application/json" };
const INFO = JSON.stringify({ version: { number: "9.5.3", build_flavor: "default" }, tagline: "You Know, for Search" });
const NEWLINE = 10;
const SLOW_MS = 2_000;
const state = process.argv[2];
let lastDocument = "";
let counts = { documents: 0, bytes: 0, plainBytes: 0 };

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(request);
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://server");
  if (pathname.endsWith("/_bulk")) {
    if (state === "silent") return;
    if (state === "slow") await setTimeout(SLOW_MS);
    if (state === "busy") return void response.writeHead(429, HEADERS).end("{}");
  }
  response.writeHead(200, HEADERS);
  if (pathname === "/_counts") {
    response.end(JSON.stringify(counts));
    counts = { documents: 0, bytes: 0, plainBytes: 0 };
  } else if (pathname === "/_last") {
    response.end(lastDocument);
  } else if (pathname.endsWith("/_bulk")) {
    response.end(bulkReply(request, body, searchParams));
  } else response.end(request.method === "GET" && pathname === "/" ? INFO : '{"acknowledged":true}');
}

function bulkReply(request: IncomingMessage, body: Buffer, query: URLSearchParams): string {
  const plain = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
  let lines = 0;
  for (let at = plain.indexOf(NEWLINE); at >= 0; at = plain.indexOf(NEWLINE, at + 1)) lines += 1;
  const documents = lines / 2;
  const end = plain.length - 1;
  lastDocument = plain.toString("utf8", plain.lastIndexOf(NEWLINE, end - 1) + 1, end);
  counts.documents += documents;
  counts.bytes += body.length;
  counts.plainBytes += plain.length;
  // With a filter a server returns only what was asked for, as recorded from Elasticsearch 9.5.
  const [head, item] = query.has("filter_path") ? ["", '{"create":{"status":201}}'] : ['"took":1,', FULL_ITEM];
  return `{"errors":false,${head}"items":[${`${item},`.repeat(documents).slice(0, -1)}]}`;
}

// What a server returns for one document without a filter.
const FULL_ITEM = JSON.stringify({
  create: {
    _index: ".ds-metrics-eventmeter.event-default-2026.11.22-000001",
    _id: "01936f2a-7b1c-7d3e-8f4a-5b6c7d8e9f0a",
    _version: 1,
    result: "created",
    _shards: { total: 2, successful: 1, failed: 0 },
    _seq_no: 1,
    _primary_term: 1,
    status: 201,
  },
});

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => void answer(request, response));
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.on("disconnect", () => process.exit());
