/** One complete HTTP/1 reply. */
export interface RawReply {
  readonly version: string;
  readonly status: number;
  /** Names in lower case, values in order of appearance. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
}

/** The one value of a header, several joined by a comma; undefined when it is absent. */
export function headerOf(reply: RawReply, name: string): string | undefined {
  return reply.headers.get(name)?.join(", ");
}

type Taken =
  | { readonly kind: "reply"; readonly reply: RawReply; readonly usedBytes: number }
  | { readonly kind: "partial"; readonly neededBytes: number }
  | { readonly kind: "malformed" };

const statusLine = /^HTTP\/(\d\.\d) (\d{3})(?: [^\r\n]*)?$/;

function readHeaders(lines: readonly string[]): Map<string, string[]> | undefined {
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const match = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line);
    const [, name, value] = match ?? [];
    if (name === undefined || value === undefined) return undefined;
    const values = headers.get(name.toLowerCase());
    if (values === undefined) headers.set(name.toLowerCase(), [value]);
    else values.push(value);
  }
  return headers;
}

/** Reads a chunked body from `start`; tells where it ends, or undefined while chunks are missing. */
function readChunks(bytes: Buffer, start: number): { body: Buffer; end: number } | "malformed" | undefined {
  const parts: Buffer[] = [];
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf("\r\n", at, "latin1");
    if (lineEnd === -1) return undefined;
    const digits = bytes.toString("latin1", at, lineEnd);
    if (!/^[\da-fA-F]+$/.test(digits)) return "malformed";
    const size = Number.parseInt(digits, 16);
    const end = lineEnd + 2 + size + 2;
    if (bytes.length < end) return undefined;
    if (bytes.toString("latin1", end - 2, end) !== "\r\n") return "malformed";
    if (size === 0) return { body: Buffer.concat(parts), end };
    parts.push(bytes.subarray(lineEnd + 2, end - 2));
    at = end;
  }
}

function takeReply(bytes: Buffer, head: boolean, isOver: boolean): Taken {
  const headEnd = bytes.indexOf("\r\n\r\n", 0, "latin1");
  if (headEnd === -1) return { kind: "partial", neededBytes: bytes.length + 1 };
  const [first = "", ...lines] = bytes.toString("latin1", 0, headEnd).split("\r\n");
  const [, version, code] = statusLine.exec(first) ?? [];
  const headers = readHeaders(lines);
  if (version === undefined || headers === undefined) return { kind: "malformed" };
  const status = Number(code);
  const start = headEnd + 4;
  const reply = (body: Buffer, usedBytes: number): Taken => ({
    kind: "reply",
    reply: { version, status, headers, body },
    usedBytes,
  });
  if (head || status < 200 || status === 204 || status === 304) return reply(Buffer.alloc(0), start);
  if (headers.get("transfer-encoding")?.join() === "chunked") {
    const chunks = readChunks(bytes, start);
    if (chunks === "malformed") return { kind: "malformed" };
    return chunks === undefined ? { kind: "partial", neededBytes: bytes.length + 1 } : reply(chunks.body, chunks.end);
  }
  const lengths = headers.get("content-length");
  if (lengths === undefined) {
    return isOver
      ? reply(bytes.subarray(start), bytes.length)
      : { kind: "partial", neededBytes: Number.POSITIVE_INFINITY };
  }
  if (lengths.length !== 1 || !/^\d+$/.test(lengths[0] ?? "")) return { kind: "malformed" };
  const end = start + Number(lengths[0]);
  return bytes.length < end ? { kind: "partial", neededBytes: end } : reply(bytes.subarray(start, end), end);
}

/** Cuts a stream of bytes into HTTP/1 replies as they arrive. */
export class ReplyReader {
  readonly replies: RawReply[] = [];
  /** Status codes 1xx, except 101, which is a final answer. */
  readonly informational: number[] = [];
  isMalformed = false;
  readonly #head: boolean;
  #chunks: Buffer[] = [];
  #pendingBytes = 0;
  #neededBytes = 0;

  constructor(head: boolean) {
    this.#head = head;
  }

  /** Bytes after the last complete reply. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Takes the next bytes. */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#pendingBytes += chunk.length;
    this.#read(false);
  }

  /** Ends the stream: a reply without a length is complete now. */
  end(): void {
    this.#neededBytes = 0;
    this.#read(true);
  }

  #read(isOver: boolean): void {
    if (this.isMalformed || this.#pendingBytes === 0 || this.#pendingBytes < this.#neededBytes) return;
    let bytes = Buffer.concat(this.#chunks);
    for (;;) {
      const taken = takeReply(bytes, this.#head, isOver);
      if (taken.kind === "reply") {
        const { reply, usedBytes } = taken;
        if (reply.status < 200 && reply.status !== 101) this.informational.push(reply.status);
        else this.replies.push(reply);
        bytes = bytes.subarray(usedBytes);
        if (bytes.length > 0) continue;
        this.#neededBytes = 1;
      } else if (taken.kind === "partial") this.#neededBytes = taken.neededBytes;
      else this.isMalformed = true;
      break;
    }
    this.#chunks = bytes.length === 0 ? [] : [bytes];
    this.#pendingBytes = bytes.length;
  }
}
