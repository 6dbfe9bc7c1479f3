import { promisify } from "node:util";
import { unzip } from "node:zlib";

/** What a server answered. */
export interface Reply {
  readonly status: number;
  /** The body as it came, where it was read to its end. */
  readonly text: string | undefined;
  /** The same read as JSON; undefined where it is none. */
  readonly body: unknown;
  readonly retryAfter: string | undefined;
}

/** What a client's transport gives for a request with `asStream` and `meta`. */
export interface StreamedResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: AsyncIterable<Uint8Array | string> & { destroy?(): unknown };
}

const inflate = promisify(unzip);

/** Reads an answer, at most `maxBytes` of it, also where somebody compressed it unasked. */
export async function readReply({ statusCode, headers, body }: StreamedResult, maxBytes: number): Promise<Reply> {
  const retryAfter = headers["retry-after"];
  const bytes = await readBytes(body, maxBytes);
  const text = bytes === undefined ? undefined : await plain(bytes, headers["content-encoding"], maxBytes);
  return {
    status: statusCode,
    text,
    get body() {
      return text === undefined ? undefined : parse(text);
    },
    // Given twice, they are one list, as of any header.
    retryAfter: typeof retryAfter === "object" ? retryAfter.join(", ") : retryAfter,
  };
}

async function readBytes(body: StreamedResult["body"], maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Leaving the loop destroys the stream.
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk as Uint8Array);
    length += bytes.length;
    if (length > maxBytes) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

async function plain(bytes: Buffer, encoding: unknown, maxBytes: number): Promise<string | undefined> {
  if (encoding === undefined || encoding === "identity" || bytes.length === 0) return bytes.toString("utf8");
  try {
    return (await inflate(bytes, { maxOutputLength: maxBytes })).toString("utf8");
  } catch {
    return undefined;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * Gives the type of an error, the name of an exception of Elasticsearch's in snake case; undefined for anything else, which may be
 * a word of a document or a header that somebody on the way repeats.
 */
export function errorType(error: unknown): string | undefined {
  const type = (error as { readonly type?: unknown } | null | undefined)?.type;
  return typeof type === "string" && /^(?=.{1,64}$)(?:[a-z0-9]+_)*(?:exception|error)$/.test(type) ? type : undefined;
}

/** Gives the error that an answer names, whatever its form. */
export function errorOf(body: unknown): unknown {
  return (body as { readonly error?: unknown } | null | undefined)?.error;
}

/** A status and the type of an error, of a request or of one document in it. */
export interface Answer {
  readonly status: number;
  readonly type: string | undefined;
}

/** Gives an answer in words, as "429, es_rejected_execution_exception". */
export function answerText({ status, type }: Answer): string {
  return type === undefined ? String(status) : `${status}, ${type}`;
}
