// Connection of one publisher: the official client, its own or one that was passed in.
import { PublisherError } from "@eventmeter/core";
import type { ElasticsearchAuth, ResolvedOptions } from "../options.ts";
import type { ElasticsearchClient, HostPoolConstructor } from "./client-types.ts";
import { hostPoolClass } from "./host-pool.ts";
import { loadProblem, type Problem, problemText } from "./problem.ts";

/** The client of one publisher. A client of its own is loaded and created at the first use. */
export class Connection {
  readonly #options: ResolvedOptions;
  #ownClient: Promise<ElasticsearchClient> | undefined;

  constructor(options: ResolvedOptions) {
    this.#options = options;
  }

  /** Returns the client. Rejects with a final `PublisherError`, whose cause is a `Problem`, if it cannot be created. */
  client(): Promise<ElasticsearchClient> {
    const { client } = this.#options;
    return client === undefined ? (this.#ownClient ??= createClient(this.#options)) : Promise.resolve(client);
  }

  /** Closes a client of its own; one that was passed in stays open. */
  async close(): Promise<void> {
    const client = await this.#ownClient?.catch(() => undefined);
    await client?.close();
  }
}

/** The official client's module, as far as it is used. */
interface ClientModule {
  readonly Client: new (options: object) => ElasticsearchClient;
  readonly BaseConnectionPool?: HostPoolConstructor | undefined;
}

async function createClient(options: ResolvedOptions): Promise<ElasticsearchClient> {
  const { hosts, auth, clientOptions, sendTimeoutMs, name, clock } = options;
  const { Client, BaseConnectionPool } = await loadClient(name);
  try {
    return new Client({
      ...(BaseConnectionPool === undefined ? {} : { ConnectionPool: hostPoolClass(BaseConnectionPool, clock) }),
      ...clientOptions,
      nodes: hosts,
      auth: authOf(auth),
      maxRetries: 0,
      compression: false,
      // The default walks every byte of a request that failed: about a second for a megabyte.
      redaction: { type: "remove" },
      // Every request has a limit of its own; this one closes the connection if that limit is missed.
      requestTimeout: sendTimeoutMs + 5_000,
    });
  } catch {
    // What the client throws about its options may repeat them.
    throw clientError(name, {
      code: "client",
      message: "the client does not accept clientOptions",
      hint: "see the options of its constructor",
    });
  }
}

async function loadClient(publisher: string): Promise<ClientModule> {
  try {
    // Loaded at the first use: importing it takes longer than everything else here. Bundlers follow a name only if it
    // is written in the call.
    return (await import("@elastic/elasticsearch")) as unknown as ClientModule;
  } catch (caught) {
    throw clientError(publisher, loadProblem(caught));
  }
}

function clientError(publisher: string, problem: Problem): PublisherError {
  return new PublisherError(problemText(problem), {
    code: "start-failed",
    publisher,
    retryable: false,
    cause: problem,
  });
}

function authOf(auth: ElasticsearchAuth | undefined): object | undefined {
  if (auth === undefined) return undefined;
  if (auth.apiKey !== undefined) return { apiKey: auth.apiKey };
  if (auth.bearer !== undefined) return { bearer: auth.bearer };
  return { username: auth.username, password: auth.password };
}
