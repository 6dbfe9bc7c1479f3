// One HTTP request: no retry, no redirect, no decoding, and no more of the reply than a given number of bytes.
import ky from "ky";

const USER_AGENT = "eventmeter-publisher-grafana-cloud/1";

/** A request to an endpoint or to the Cloud API. */
export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | undefined;
  readonly signal: AbortSignal;
  /** Most bytes of the reply that are read; the connection is closed at the next one. */
  readonly maxReplyBytes: number;
}

/** A reply, whatever its status. */
export interface Reply {
  readonly status: number;
  /** Lower case, without parameters; empty if there is none. */
  readonly contentType: string;
  readonly retryAfter: string | null;
  /** The part of the body that was read. */
  readonly body: Uint8Array;
  /** False if the body was longer than the limit, or is compressed although that was not asked for. */
  readonly isWhole: boolean;
}

/** Sends one request once. Rejects with the error of the connection. */
export async function sendHttpRequest(
  url: string,
  { method, headers, body, signal, maxReplyBytes }: HttpRequest,
): Promise<Reply> {
  const response = await ky(url, {
    method,
    // A decoded body can be a thousand times as long as the one on the wire.
    headers: { ...headers, "user-agent": USER_AGENT, "accept-encoding": "identity" },
    ...(body === undefined ? {} : { body }),
    signal,
    retry: 0,
    timeout: false,
    redirect: "manual",
    throwHttpErrors: false,
    credentials: "omit",
  });
  const read = await readBody(response, maxReplyBytes);
  return {
    status: response.status,
    contentType: (response.headers.get("content-type") ?? "").replace(/;.*$/s, "").trim().toLowerCase(),
    retryAfter: response.headers.get("retry-after"),
    ...read,
  };
}

async function readBody({ headers, body }: Response, maxBytes: number): Promise<Pick<Reply, "body" | "isWhole">> {
  if (body === null) return { body: new Uint8Array(), isWhole: true };
  const encoding = headers.get("content-encoding");
  if (encoding !== null && encoding.trim().toLowerCase() !== "identity") {
    await body.cancel();
    return { body: new Uint8Array(), isWhole: false };
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop cancels the stream, which closes the connection.
  for await (const chunk of body) {
    const left = maxBytes - length;
    chunks.push(chunk.length > left ? chunk.subarray(0, left) : chunk);
    length += chunk.length;
    if (length > maxBytes) return { body: Buffer.concat(chunks), isWhole: false };
  }
  return { body: Buffer.concat(chunks), isWhole: true };
}
