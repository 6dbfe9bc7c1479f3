// Requests of the fault server, read from a socket.
import type { Socket } from "node:net";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";

const MAX_HEAD_BYTES = 65_536;
const MAX_BODY_BYTES = 256 * 2 ** 20;

/** A request as the server read it. */
export interface FaultRequest {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly path: string;
  /** Names in lower case; of a repeated header the last value. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body so far: all of it, unless the reply does not wait for it. */
  readonly body: Uint8Array;
  /** Which request on its connection it is, counted from 1. */
  readonly onConnection: number;
}

const UNPACK = new Map<string, (body: Uint8Array) => Uint8Array>([
  ["gzip", gunzipSync],
  ["deflate", inflateSync],
  ["br", brotliDecompressSync],
]);

/** Returns everything that a request contains, in clear text: its body unpacked, and the credentials of an authorization scheme decoded from base64. */
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
    // A body that was cut off, or is not in the encoding that it names, is returned as it is.
    return body;
  }
}

/** A request whose head was read. */
export interface IncomingRequest {
  readonly request: FaultRequest;
  /** Reads the rest of the body into `request.body`; resolves to false if the client ended first. */
  readBody(): Promise<boolean>;
}

/** Reads one request after the other from a connection; ends with the connection, or where it is not HTTP/1.1. */
export async function* readRequests(socket: Socket): AsyncGenerator<IncomingRequest, void, undefined> {
  const source = new SocketReader(socket);
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

function requestOf(source: SocketReader, head: string, onConnection: number): IncomingRequest {
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

async function bodyOf(source: SocketReader, headers: FaultRequest["headers"]): Promise<Uint8Array | undefined> {
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

/** Reads a socket by delimiters and lengths. */
class SocketReader {
  readonly #socket: Socket;
  /** Bytes that were joined and not taken. */
  #held = Buffer.alloc(0);
  /** Bytes that came since, and how many they are: joining them one by one would take quadratic time. */
  #chunks: Buffer[] = [];
  #size = 0;
  #hasEnded = false;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("close", this.#onEnd);
  }

  /** Takes the text before a delimiter, and the delimiter; undefined at the end of the connection or beyond `limit`. */
  async until(delimiter: string, limit: number): Promise<string | undefined> {
    for (;;) {
      const at = this.#held.indexOf(delimiter);
      if (at >= 0) {
        const text = this.#held.toString("latin1", 0, at);
        this.#held = this.#held.subarray(at + delimiter.length);
        return text;
      }
      if (this.#held.length > limit || !(await this.#hold(this.#held.length + 1))) return undefined;
    }
  }

  /** Takes `length` bytes; undefined if the connection ends first. */
  async take(length: number): Promise<Uint8Array | undefined> {
    if (this.#held.length < length && !(await this.#hold(length))) return undefined;
    const taken = new Uint8Array(this.#held.subarray(0, length));
    this.#held = this.#held.subarray(length);
    return taken;
  }

  /** Keeps nothing of what still comes. */
  release(): void {
    this.#socket.off("data", this.#onData);
    this.#held = Buffer.alloc(0);
    this.#chunks = [];
  }

  /** Waits for `wanted` bytes; resolves to false if the connection ends first. */
  async #hold(wanted: number): Promise<boolean> {
    while (this.#held.length + this.#size < wanted && !this.#hasEnded)
      await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#held = Buffer.concat([this.#held, ...this.#chunks]);
    this.#chunks = [];
    this.#size = 0;
    return this.#held.length >= wanted;
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    this.#wake?.();
  };

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    this.#wake?.();
  };
}
