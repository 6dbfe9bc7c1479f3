// One request to a server: ended by its signal, with a reply that is read up to a limit.
import { withTimeLimit } from "@eventmeter/delivery";
import type { ResolvedOptions } from "../options.ts";
import type { ElasticsearchClient, ElasticsearchRequest, HostConnection } from "./client-types.ts";
import { type ChosenHost, contextFor, countHosts, hasOtherHost, hostOf, isUnavailable, markHost } from "./hosts.ts";
import { isProblem } from "./problem.ts";
import { readReply, type Reply, type StreamedReply } from "./reply.ts";
import { type RequestFailure, requestFailure } from "./request-failure.ts";

/** One request and its limits. */
export interface LimitedRequest extends ElasticsearchRequest {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Ends the request. With a `TimeoutError` as its reason, the host counts as one that does not answer. */
  readonly signal: AbortSignal;
  /** How much of the reply is read, in bytes. @default 65536 */
  readonly maxReplyBytes?: number | undefined;
}

/**
 * Sends one request. It ends when the signal aborts, whatever the client does. What the client throws is described and
 * never passed on, since it holds the request. Never rejects.
 *
 * If a connection that was kept alive turns out to be closed, which fails before any reply, the request is sent once more
 * to each such host.
 */
export async function sendRequest(
  client: ElasticsearchClient,
  request: LimitedRequest,
): Promise<Reply | RequestFailure> {
  const stale = new Set<HostConnection>();
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
    const { result, connection, hasReply } = await new Exchange(client, request).run();
    const isStale = isProblem(result) && result.code === "broken-off" && !hasReply;
    if (!isStale || connection === undefined || !answered.has(connection) || stale.has(connection)) return result;
    stale.add(connection);
    // The client counts it as a failure of the host.
    markHost(client, connection, true);
  }
}

/** Hosts that have answered: a connection to one of them may have been kept alive. */
const answered = new WeakSet<HostConnection>();

/** Hosts that are asked at most if one after the other does not answer. */
const MAX_HOSTS_ASKED = 3;

/** Sends a request to one host after the other until one answers; each gets an equal share of the time. Never rejects. */
export async function askHosts(
  client: ElasticsearchClient,
  { clock, sendTimeoutMs }: Pick<ResolvedOptions, "clock" | "sendTimeoutMs">,
  request: LimitedRequest,
): Promise<Reply | RequestFailure> {
  const { signal } = request;
  const hosts = Math.min(countHosts(client), MAX_HOSTS_ASKED);
  const limit = { clock, timeoutMs: sendTimeoutMs / hosts, signal };
  for (let left = hosts - 1; ; left -= 1) {
    // oxlint-disable-next-line no-await-in-loop -- one host after the other
    const result = await withTimeLimit(limit, (limited) => sendRequest(client, { ...request, signal: limited }));
    if (!isProblem(result) && !isUnavailable(result.status)) return result;
    if (left === 0 || signal.aborted) return result;
  }
}

/** Result of one attempt. */
interface ExchangeResult {
  readonly result: Reply | RequestFailure;
  readonly connection: HostConnection | undefined;
  /** Whether any part of a reply has arrived. */
  readonly hasReply: boolean;
}

/** One attempt to send a request. */
class Exchange {
  readonly #client: ElasticsearchClient;
  readonly #request: LimitedRequest;
  readonly #controller = new AbortController();
  readonly #aborted = Promise.withResolvers<never>();
  readonly #host: ChosenHost = { connection: undefined };
  #reply: StreamedReply | undefined;

  constructor(client: ElasticsearchClient, request: LimitedRequest) {
    this.#client = client;
    this.#request = request;
    // It may be that nothing waits for it any more.
    this.#aborted.promise.catch(() => undefined);
  }

  async run(): Promise<ExchangeResult> {
    const { signal, maxReplyBytes = 65_536 } = this.#request;
    const onAbort = (): void => this.#abort(signal.reason);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    try {
      const reply = await Promise.race([this.#send(), this.#aborted.promise]);
      const { connection } = this.#host;
      const isAlive = !isUnavailable(reply.statusCode);
      markHost(this.#client, connection, isAlive);
      if (connection !== undefined) answered.add(connection);
      const origin = { host: hostOf(connection), isElsewhere: !isAlive && hasOtherHost(this.#client, connection) };
      const reading = readReply(reply, maxReplyBytes, origin);
      return { result: await Promise.race([reading, this.#aborted.promise]), connection, hasReply: true };
    } catch (caught) {
      // The client does not return the body of a reply that it rejects. Unread, it keeps the connection; when it breaks off,
      // its error has no listener and ends the process.
      this.#abort(caught);
      return this.#failure(caught);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #send(): Promise<StreamedReply> {
    const { headers, signal: _, maxReplyBytes: __, ...request } = this.#request;
    const reply = (await this.#client.transport.request(request, {
      // As a stream, every status is a result, and reading can stop at the limit.
      asStream: true,
      meta: true,
      maxRetries: 0,
      compression: false,
      redaction: { type: "remove" },
      // Every version accepts plain media types; the client's own name its major.
      headers: { accept: "application/json", "accept-encoding": "identity", ...headers },
      context: contextFor(this.#client, this.#host),
      signal: this.#controller.signal,
    })) as StreamedReply;
    this.#reply = reply;
    // For a client that emits no diagnostic events.
    this.#host.connection ??= reply.meta?.connection ?? undefined;
    if (this.#controller.signal.aborted) reply.body.destroy?.();
    return reply;
  }

  #abort(reason: unknown): void {
    this.#controller.abort();
    // Not every connection of the client watches the signal after the headers.
    this.#reply?.body.destroy?.();
    this.#aborted.reject(reason);
  }

  #failure(caught: unknown): ExchangeResult {
    const { connection } = this.#host;
    const hasReply = this.#reply !== undefined;
    const failure = requestFailure(caught, hostOf(connection));
    // The client itself notices a connection that fails before a reply, and nothing else. An abort is not the host's fault.
    const isHostAtFault = failure.code === "timeout" || failure.code === "not-elasticsearch" || hasReply;
    if (isHostAtFault && !isAbort(caught)) markHost(this.#client, connection, false);
    return { result: { ...failure, isElsewhere: hasOtherHost(this.#client, connection) }, connection, hasReply };
  }
}

function isAbort(caught: unknown): boolean {
  return (caught as { readonly name?: unknown } | null | undefined)?.name === "AbortError";
}
