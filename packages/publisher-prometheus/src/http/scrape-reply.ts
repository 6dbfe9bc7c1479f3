// Replies to scrapers: the metrics page, a short text, or an error in the words of its status.

/** A reply to any request. */
export interface ScrapeReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The body; replies at the same time can share the chunks, so they must not be changed. */
  readonly chunks: readonly Buffer[];
  /** What the body is, if it is a page that further clients can share. */
  readonly page?: SharedPage | undefined;
}

/** A page that clients can share while one of them reads it. */
export interface SharedPage {
  /** Format and encoding. */
  readonly key: string;
  /** When its numbers were read, on the monotonic clock, in milliseconds. */
  readonly time: number;
  /** How long its sources had to answer, in milliseconds; Infinity if all of them did. */
  readonly budgetMs: number;
}

const ERRORS = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  417: "Expectation Failed",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const;

/** Status of an error reply. */
export type ErrorStatus = keyof typeof ERRORS;

/** Returns an error reply: its status in words, and nothing of what was asked for or what went wrong. */
export function errorReply(status: ErrorStatus, headers: Readonly<Record<string, string>> = {}): ScrapeReply {
  return textReply(status, "text/plain; charset=utf-8", `${ERRORS[status]}\n`, headers);
}

/** Returns a reply whose body is a text. */
export function textReply(
  status: number,
  contentType: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): ScrapeReply {
  return createReply(status, contentType, [Buffer.from(text)], headers);
}

/** Creates a reply from the chunks of its body. */
export function createReply(
  status: number,
  contentType: string,
  chunks: readonly Buffer[],
  headers: Readonly<Record<string, string>>,
): ScrapeReply {
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  return {
    status,
    headers: {
      "Content-Type": contentType,
      "Content-Length": String(bytes),
      "X-Content-Type-Options": "nosniff",
      ...headers,
    },
    chunks,
  };
}
