// HTTP requests: no redirect, no decoding, no more of a reply than a given number of bytes; repeated only where a kept connection was stale.
import { type ClientRequest, type IncomingMessage, request as requestHttp, type RequestOptions } from "node:http";
import { Agent, globalAgent, request as requestHttps } from "node:https";
import type { SecureContextOptions } from "node:tls";
import type { TlsOptions } from "@eventmeter/core";

const USER_AGENT = "eventmeter-publisher-grafana-cloud/1";

/** Most stale connections that one request meets before it fails. */
const MAX_STALE = 3;
/** What the end of a connection shows as, by what was being done with it. */
const STALE_CODES: ReadonlySet<unknown> = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);

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

/** Sends the requests of one publisher, over the agents of the process or, with options for TLS, over one of its own. */
export class HttpClient {
  readonly #agent: Agent | undefined;

  constructor(tls?: TlsOptions) {
    // The options of the process's agent include those of NODE_USE_ENV_PROXY.
    if (tls !== undefined) this.#agent = new Agent({ ...globalAgent.options, ...(tls as SecureContextOptions) });
  }

  /**
   * Sends one request. Rejects with the error of the connection. A kept connection that the server closed before it replied
   * is not reported: the request is sent again, which is safe for all requests here.
   */
  async send(url: string, request: HttpRequest): Promise<Reply> {
    for (let stale = 1; ; stale += 1) {
      const exchange = new Exchange(url, request, this.#agent);
      try {
        // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
        return await exchange.reply;
      } catch (caught) {
        if (stale > MAX_STALE || request.signal.aborted || !exchange.wasStale(caught)) throw caught;
      }
    }
  }

  /** Closes the idle connections of an agent of its own. */
  close(): void {
    this.#agent?.destroy();
  }
}

/** One attempt at a request. */
class Exchange {
  readonly reply: Promise<Reply>;
  readonly #request: ClientRequest;
  #hasReply = false;

  constructor(url: string, { method, headers, body, signal, maxReplyBytes }: HttpRequest, agent: Agent | undefined) {
    const isHttps = url.startsWith("https:");
    const options: RequestOptions = {
      method,
      headers: {
        ...headers,
        "user-agent": USER_AGENT,
        // A decoded body can be a thousand times as long as the one on the wire.
        "accept-encoding": "identity",
        ...(body === undefined ? {} : { "content-length": String(body.length) }),
      },
      signal,
      ...(isHttps && agent !== undefined ? { agent } : {}),
    };
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    this.reply = promise;
    this.#request = (isHttps ? requestHttps : requestHttp)(url, options, (response) => {
      this.#hasReply = true;
      readReply(response, maxReplyBytes).then(resolve, reject);
    });
    // Stays for what a connection reports after the reply.
    this.#request.on("error", reject);
    this.#request.end(body);
  }

  /** Returns whether the attempt failed because the server had closed a connection that was kept from an earlier request. */
  wasStale(caught: unknown): boolean {
    const { code } = caught as { readonly code?: unknown };
    return this.#request.reusedSocket && !this.#hasReply && STALE_CODES.has(code);
  }
}

async function readReply(response: IncomingMessage, maxBytes: number): Promise<Reply> {
  const { statusCode = 0, headers, headersDistinct } = response;
  return {
    status: statusCode,
    contentType: (headers["content-type"] ?? "").replace(/;.*$/s, "").trim().toLowerCase(),
    retryAfter: headersDistinct["retry-after"]?.join(", ") ?? null,
    ...(await readBody(response, maxBytes)),
  };
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<Pick<Reply, "body" | "isWhole">> {
  const encoding = response.headers["content-encoding"] ?? "identity";
  if (encoding.trim().toLowerCase() !== "identity") {
    response.destroy();
    return { body: new Uint8Array(), isWhole: false };
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop destroys the response, which closes the connection.
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    const left = maxBytes - length;
    chunks.push(chunk.length > left ? chunk.subarray(0, left) : chunk);
    length += chunk.length;
    if (length > maxBytes) return { body: Buffer.concat(chunks), isWhole: false };
  }
  return { body: Buffer.concat(chunks), isWhole: true };
}
