// Credentials of requests: given to the client once, or read for each request if they are functions.
import type { Clock, Secret } from "@eventmeter/core";
import { createSecretReader, type SecretReader } from "@eventmeter/core/publisher";
import type { ElasticsearchAuth } from "../options.ts";
import type { ElasticsearchClient, ElasticsearchRequest, ElasticsearchRequestOptions } from "./client-types.ts";
import { secretRules, trimLineEnd, trimSecret } from "./connection-rules.ts";
import type { StreamedReply } from "./reply.ts";

/** Returns the `auth` option of the client; undefined if there is none, or if its secret is a function. */
export function clientAuth(auth: ElasticsearchAuth | undefined): object | undefined {
  const { apiKey, bearer, username, password } = auth ?? {};
  if (typeof apiKey === "string") return { apiKey: trimSecret(apiKey) };
  if (typeof bearer === "string") return { bearer: trimSecret(bearer) };
  return typeof password === "string" ? { username, password: trimLineEnd(password) } : undefined;
}

/** Returns the client, with credentials that are read for each request if their secret is a function. */
export function withCredentials(
  client: ElasticsearchClient,
  auth: ElasticsearchAuth | undefined,
  parts: { readonly publisher: string; readonly clock: Clock },
): ElasticsearchClient {
  const { apiKey, bearer, username, password } = auth ?? {};
  if (typeof apiKey === "function")
    return new AuthorizedClient(client, readerOf(apiKey, "apiKey", parts), (key) => `ApiKey ${key}`);
  if (typeof bearer === "function")
    return new AuthorizedClient(client, readerOf(bearer, "bearer", parts), (token) => `Bearer ${token}`);
  if (typeof password === "function")
    return new AuthorizedClient(
      client,
      readerOf(password, "password", parts),
      (text) => `Basic ${Buffer.from(`${username}:${text}`).toString("base64")}`,
    );
  return client;
}

function readerOf(
  secret: Secret,
  name: "apiKey" | "bearer" | "password",
  { publisher, clock }: { readonly publisher: string; readonly clock: Clock },
): SecretReader {
  const normalise = name === "password" ? trimLineEnd : trimSecret;
  return createSecretReader({ secret, name: `auth.${name}`, rule: secretRules[name], normalise, publisher, clock });
}

/** A client whose requests carry the current credentials. After a 401 they are read again, and if they changed, sent once more. */
class AuthorizedClient implements ElasticsearchClient {
  readonly transport: ElasticsearchClient["transport"];
  /** Read where hosts are chosen and marked. */
  readonly connectionPool: unknown;
  readonly diagnostic: unknown;
  readonly #client: ElasticsearchClient;
  readonly #reader: SecretReader;
  readonly #headerOf: (secret: string) => string;

  constructor(client: ElasticsearchClient, reader: SecretReader, headerOf: (secret: string) => string) {
    const { connectionPool, diagnostic } = client as {
      readonly connectionPool?: unknown;
      readonly diagnostic?: unknown;
    };
    this.#client = client;
    this.#reader = reader;
    this.#headerOf = headerOf;
    this.connectionPool = connectionPool;
    this.diagnostic = diagnostic;
    this.transport = { request: (params, options) => this.#request(params, options) };
  }

  close(): Promise<unknown> {
    return this.#client.close();
  }

  async #request(params: ElasticsearchRequest, options: ElasticsearchRequestOptions): Promise<unknown> {
    const send = (secret: string): Promise<unknown> => {
      const headers = { ...options.headers, authorization: this.#headerOf(secret) };
      return this.#client.transport.request(params, { ...options, headers });
    };
    const first = await this.#reader.read();
    const reply = (await send(first)) as StreamedReply;
    if (reply.statusCode !== 401) return reply;
    this.#reader.reject(first);
    // Without a listener, a body that breaks while the secret is read again would end the process.
    reply.body.on?.("error", () => undefined);
    let second: string;
    try {
      second = await this.#reader.read();
    } catch (cause) {
      reply.body.destroy?.();
      throw cause;
    }
    if (second === first) return reply;
    reply.body.destroy?.();
    const again = (await send(second)) as StreamedReply;
    if (again.statusCode === 401) this.#reader.reject(second);
    return again;
  }
}
