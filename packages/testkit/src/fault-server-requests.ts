import type { Socket } from "node:net";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";

const MAX_HEAD_BYTES = 65_536;
const MAX_BODY_BYTES = 256 * 2 ** 20;

/** A request as the server read it. */
export interface FaultRequest {
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly path: string;
  /** Names in lower case; of a repeated header the last value. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body so far: all of it, unless the reply does not wait for it. */
  readonly body: Uint8Array;
  /** Which connection it came over, counted from 1 for the first request on it. */
  readonly onConnection: number;
}

const UNPACK = new Map<string, (body: Uint8Array) => Uint8Array>([
  ["gzip", gunzipSync],
  ["deflate", inflateSync],
  ["br", brotliDecompressSync],
]);

/** Gives all that a request said, in clear: its body unpacked, and what stands in base64 behind an authorization scheme. */
export function echoOf({ method, path, headers, body }: FaultRequest): string {
  const credentials = ["authorization", "proxy-authorization"].map((name) =>
    Buffer.from(headers[name]?.replace(/^\w+ /, "") ?? "", "base64").toString("latin1"),
  );
  const text = Buffer.from(unpacked(body, headers["content-encoding"])).toString("utf8");
  return [`${method} ${path}`, JSON.stringify(headers), ...credentials, text].join("\n");
}

function unpacked(body: Uint8Array, encoding = ""): Uint8Array {
  try {
    return UNPACK.get(encoding.toLowerCase())?.(body) ?? body;
  } catch {
    // What was cut, or is not what it says, is repeated as it is.
    return body;
  }
}

/** A request whose head was read. */
export interface IncomingRequest {
  readonly request: FaultRequest;
  /** Reads the rest of the body into `request.body`; false if the client ended first. */
  readBody(): Promise<boolean>;
}

/** Reads one request after the other from a connection; ends with the connection, or at what is no HTTP/1.1. */
export async function* readRequests(socket: Socket): AsyncGenerator<IncomingRequest, void, undefined> {
  const source = createSource(socket);
  try {
    for (let onConnection = 1; ; onConnection += 1) {
      const head = await source.until("\r\n\r\n", MAX_HEAD_BYTES);
      if (head === undefined || socket.destroyed) return;
      const incoming = requestOf(source, head, onConnection);
      yield incoming;
      if (!(await incoming.readBody())) return;
    }
  } finally {
    source.release();
  }
}

function requestOf(source: Source, head: string, onConnection: number): IncomingRequest {
  const [start = "", ...lines] = head.split("\r\n");
  const [method = "", path = ""] = start.split(" ");
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const request = { method, path, headers, body: new Uint8Array() as Uint8Array, onConnection };
  let whole: Promise<boolean> | undefined;
  const keep = (body: Uint8Array | undefined): boolean => {
    request.body = body ?? request.body;
    return body !== undefined;
  };
  return { request, readBody: () => (whole ??= bodyOf(source, headers).then(keep)) };
}

async function bodyOf(source: Source, headers: FaultRequest["headers"]): Promise<Uint8Array | undefined> {
  if (headers["transfer-encoding"]?.toLowerCase() !== "chunked") {
    const length = Number(headers["content-length"] ?? 0);
    return length <= MAX_BODY_BYTES ? source.take(length) : undefined;
  }
  const chunks: Uint8Array[] = [];
  for (let total = 0; ;) {
    const size = await source.until("\r\n", MAX_HEAD_BYTES);
    const length = Number.parseInt(size ?? "", 16);
    if (!(length >= 0) || (total += length) > MAX_BODY_BYTES) return undefined;
    const chunk = await source.take(length);
    if (chunk === undefined || (await source.take(2)) === undefined) return undefined;
    if (length === 0) return Buffer.concat(chunks);
    chunks.push(chunk);
  }
}

interface Source {
  /** Gives the text before a delimiter and takes both; undefined at the end of the connection or beyond `limit`. */
  until(delimiter: string, limit: number): Promise<string | undefined>;
  take(length: number): Promise<Uint8Array | undefined>;
  /** Keeps nothing of what still comes. */
  release(): void;
}

function createSource(socket: Socket): Source {
  let held = Buffer.alloc(0);
  let chunks: Buffer[] = [];
  let size = 0;
  const state = { ended: false };
  let wake: (() => void) | undefined;
  const onData = (chunk: Buffer): void => {
    chunks.push(chunk);
    size += chunk.length;
    wake?.();
  };
  socket.on("data", onData);
  for (const event of ["end", "close"]) {
    socket.on(event, () => {
      state.ended = true;
      wake?.();
    });
  }

  async function more(wanted: number): Promise<boolean> {
    while (held.length + size < wanted && !state.ended) await new Promise<void>((resolve) => (wake = resolve));
    held = Buffer.concat([held, ...chunks]);
    chunks = [];
    size = 0;
    return held.length >= wanted;
  }

  return {
    async until(delimiter, limit) {
      for (;;) {
        const at = held.indexOf(delimiter);
        if (at >= 0) {
          const text = held.toString("latin1", 0, at);
          held = held.subarray(at + delimiter.length);
          return text;
        }
        if (held.length > limit || !(await more(held.length + 1))) return undefined;
      }
    },
    async take(length) {
      if (held.length < length && !(await more(length))) return undefined;
      const taken = new Uint8Array(held.subarray(0, length));
      held = held.subarray(length);
      return taken;
    },
    release() {
      socket.off("data", onData);
      held = Buffer.alloc(0);
      chunks = [];
    },
  };
}
