import ky from "ky";

/** Says who asks. */
const USER_AGENT = "eventmeter-publisher-grafana-cloud/1";

/** A request of ours. */
export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | undefined;
  readonly signal: AbortSignal;
  /** Most bytes of the reply that are read; the connection is cut at the next one. */
  readonly maxReplyBytes: number;
}

/** What came back. */
export interface Reply {
  readonly status: number;
  /** Lower case, without parameters; empty where there is none. */
  readonly contentType: string;
  readonly retryAfter: string | null;
  /** As much of the body as was read. */
  readonly body: Uint8Array;
  /** False where the body was longer than the cap, or is compressed although nobody asked for it. */
  readonly isWhole: boolean;
}

/** Sends one request once: no retry, no redirect, no decoding. Rejects with whatever the connection fails by. */
export async function sendHttpRequest(
  url: string,
  { method, headers, body, signal, maxReplyBytes }: HttpRequest,
): Promise<Reply> {
  const response = await ky(url, {
    method,
    // What is decoded may be a thousand times as long as what came over the wire.
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
