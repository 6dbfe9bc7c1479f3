// One request to a server: sent once, ended by its signal, with a reply that is read up to a limit.
import type { ElasticsearchClient, ElasticsearchRequest } from "./client-types.ts";
import { readReply, type Reply, type StreamedReply } from "./reply.ts";
import { type RequestFailure, requestFailure } from "./request-failure.ts";

/** One request and its limits. */
export interface LimitedRequest extends ElasticsearchRequest {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal: AbortSignal;
  /** How much of the reply is read, in bytes. @default 65536 */
  readonly maxReplyBytes?: number | undefined;
}

/**
 * Sends one request once. It ends when the signal aborts, whatever the client does. What the client throws is described and
 * never passed on, since it holds the request. Never rejects.
 */
export async function sendRequest(
  client: ElasticsearchClient,
  { headers, signal, maxReplyBytes = 65_536, ...request }: LimitedRequest,
): Promise<Reply | RequestFailure> {
  const controller = new AbortController();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  let body: StreamedReply["body"] | undefined;

  function abort(): void {
    controller.abort();
    // Not every connection of the client watches the signal after the headers.
    body?.destroy?.();
    reject(signal.reason);
  }

  async function attempt(): Promise<Reply> {
    const streamed = (await client.transport.request(request, {
      // As a stream, every status is a result, and reading can stop at the limit.
      asStream: true,
      meta: true,
      maxRetries: 0,
      compression: false,
      redaction: { type: "remove" },
      // Every version accepts plain media types; the client's own name its major.
      headers: { accept: "application/json", "accept-encoding": "identity", ...headers },
      signal: controller.signal,
    })) as StreamedReply;
    markAlive(client, streamed);
    const reading = readReply(streamed, maxReplyBytes);
    ({ body } = streamed);
    if (controller.signal.aborted) body.destroy?.();
    return reading;
  }

  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([attempt(), aborted]);
  } catch (caught) {
    // The client does not return the body of a reply that it rejects. Unread, it keeps the connection; when it breaks off,
    // its error has no listener and ends the process.
    abort();
    return requestFailure(caught);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

interface Pool {
  readonly connectionPool?: { markAlive?(connection: unknown): unknown };
}

/** Tells the client's pool that a host works: the pool does not notice it for streamed replies, and would avoid the host forever. */
function markAlive(client: ElasticsearchClient, reply: StreamedReply): void {
  const { connection } = (reply as { readonly meta?: { readonly connection?: unknown } }).meta ?? {};
  if (connection && reply.statusCode < 500) (client as Pool).connectionPool?.markAlive?.(connection);
}
