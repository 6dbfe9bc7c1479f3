import type { Clock } from "@eventmeter/core";
import type { ElasticsearchClient, ElasticsearchRequest } from "./client-types.ts";
import { type Failure, failureOf } from "./request-failure.ts";
import { readReply, type Reply, type StreamedResult } from "./reply.ts";

/** One request and its limits. */
export interface Exchange extends ElasticsearchRequest {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal: AbortSignal;
  /** Most of the answer that is read, in bytes. @default 65536 */
  readonly maxReplyBytes?: number | undefined;
}

/**
 * Sends one request once, and is over when the signal aborts, whatever the client does; what it throws is told apart and never
 * passed on, since it holds the request.
 */
export async function exchange(
  client: ElasticsearchClient,
  { headers, signal, maxReplyBytes = 65_536, ...request }: Exchange,
): Promise<Reply | Failure> {
  const ending = new AbortController();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  let body: StreamedResult["body"] | undefined;

  function end(): void {
    ending.abort();
    // Not every connection of the client goes on to look at the signal.
    body?.destroy?.();
    reject(signal.reason);
  }

  async function ask(): Promise<Reply> {
    const result = (await client.transport.request(request, {
      // As a stream every status is an answer, and reading it stops where it should.
      asStream: true,
      meta: true,
      maxRetries: 0,
      compression: false,
      redaction: { type: "remove" },
      // Plain types are taken by every version; the client's own name its major.
      headers: { accept: "application/json", "accept-encoding": "identity", ...headers },
      signal: ending.signal,
    })) as StreamedResult;
    notice(client, result);
    const reading = readReply(result, maxReplyBytes);
    ({ body } = result);
    if (ending.signal.aborted) body.destroy?.();
    return reading;
  }

  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  try {
    return await Promise.race([ask(), ended]);
  } catch (caught) {
    // The client keeps to itself the body of an answer that it refuses: unread it holds the connection, and when it breaks
    // off it is an error that nobody can hear, which ends the process.
    end();
    return failureOf(caught);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

/** Tells failures from answers. */
export function isFailure(given: Reply | Failure): given is Failure {
  return "failure" in given;
}

interface Pool {
  readonly connectionPool?: { markAlive?(connection: unknown): unknown };
}

/** Tells the client's pool that a host works: for answers that are streamed it does not notice itself, and would avoid it for ever. */
function notice(client: ElasticsearchClient, result: StreamedResult): void {
  const { connection } = (result as { readonly meta?: { readonly connection?: unknown } }).meta ?? {};
  if (connection && result.statusCode < 500) (client as Pool).connectionPool?.markAlive?.(connection);
}

/** A signal that also aborts after a time. */
export interface Limit {
  readonly signal: AbortSignal;
  end(): void;
}

/** Limits what is done with a signal to `timeoutMs`. */
export function limit(clock: Clock, timeoutMs: number, signal: AbortSignal): Limit {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const timer = clock.setTimeout(abort, timeoutMs);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  return {
    signal: controller.signal,
    end() {
      timer.cancel();
      signal.removeEventListener("abort", abort);
    },
  };
}
