// Replies of a server: their status, their body within a limit, and the type of the error that they name.
import { promisify } from "node:util";
import { unzip } from "node:zlib";
import type { HostConnection } from "./client-types.ts";

/** Where a reply, or a failure, comes from. */
export interface ReplyOrigin {
  /** Host and port, without credentials; undefined if the client does not tell. */
  readonly host: string | undefined;
  /** Whether this host does not take requests, and another one that works can be asked instead. */
  readonly isElsewhere: boolean;
}

/** Reply of a server to one request. */
export interface Reply extends ReplyOrigin {
  readonly status: number;
  /** The body; undefined if it was too long or could not be decompressed. */
  readonly text: string | undefined;
  /** The body read as JSON; undefined if it is not JSON. */
  readonly body: unknown;
  readonly retryAfter: string | undefined;
}

/** Result of the client's transport for a request with `asStream` and `meta`. */
export interface StreamedReply {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: AsyncIterable<Uint8Array | string> & {
    destroy?(): unknown;
    on?(event: "error", listener: () => void): unknown;
  };
  readonly meta?: { readonly connection?: HostConnection | null | undefined } | undefined;
}

const decompress = promisify(unzip);

/** Reads a reply and at most `maxBytes` of its body, also where the body was compressed without being asked for. */
export async function readReply(
  { statusCode, headers, body }: StreamedReply,
  maxBytes: number,
  { host, isElsewhere }: ReplyOrigin,
): Promise<Reply> {
  const retryAfter = headers["retry-after"];
  const bytes = await readBytes(body, maxBytes);
  const text = bytes === undefined ? undefined : await textOf(bytes, headers["content-encoding"], maxBytes);
  return {
    host,
    isElsewhere,
    status: statusCode,
    text,
    get body() {
      return text === undefined ? undefined : parse(text);
    },
    // A header that was sent twice is one list.
    retryAfter: typeof retryAfter === "object" ? retryAfter.join(", ") : retryAfter,
  };
}

async function readBytes(body: StreamedReply["body"], maxBytes: number): Promise<Buffer | undefined> {
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

async function textOf(bytes: Buffer, encoding: unknown, maxBytes: number): Promise<string | undefined> {
  if (encoding === undefined || encoding === "identity" || bytes.length === 0) return bytes.toString("utf8");
  try {
    return (await decompress(bytes, { maxOutputLength: maxBytes })).toString("utf8");
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

/** Status of a request, or of one document in it, with the type of its error. */
export interface ResultStatus {
  readonly status: number;
  /** Name of an exception of Elasticsearch. */
  readonly type: string | undefined;
}

/** Returns the status of a request with the type of its error. */
export function statusOf(reply: Reply): ResultStatus {
  return { status: reply.status, type: exceptionOf(reply) };
}

/** Returns a status as text, such as "429, es_rejected_execution_exception". */
export function statusText({ status, type }: ResultStatus): string {
  return type === undefined ? String(status) : `${status}, ${type}`;
}

/** Returns the type of the error that a reply names. */
export function exceptionOf({ body }: Reply): string | undefined {
  return exceptionName(errorIn(body));
}

/** Returns the error that the body of a reply names, in whatever form. */
export function errorIn(body: unknown): unknown {
  return (body as { readonly error?: unknown } | null | undefined)?.error;
}

/**
 * Returns the type of an error, if it is the name of an exception of Elasticsearch in snake case. Anything else may be a word
 * of a document or a header that something on the way repeats.
 */
export function exceptionName(error: unknown): string | undefined {
  const type = (error as { readonly type?: unknown } | null | undefined)?.type;
  return typeof type === "string" && /^(?=.{1,64}$)(?:[a-z0-9]+_)*(?:exception|error)$/.test(type) ? type : undefined;
}
