// Connection of one publisher: the official client, its own or one that was passed in.
import { PublisherError } from "@eventmeter/core";
import type { ResolvedOptions } from "../options.ts";
import type { ElasticsearchClient, HostPoolConstructor } from "./client-types.ts";
import { clientAuth, withCredentials } from "./credentials.ts";
import { hostPoolClass } from "./host-pool.ts";
import { loadProblem, type Problem, problemText, runtimeProblem } from "./problem.ts";

/** The client of one publisher. A client of its own is loaded and created at the first use. */
export class Connection {
  readonly #options: ResolvedOptions;
  #ownClient: Promise<ElasticsearchClient> | undefined;

  constructor(options: ResolvedOptions) {
    this.#options = options;
  }

  /** Returns the client. Rejects with a final `PublisherError`, whose cause is a `Problem`, if it cannot be created. */
  client(): Promise<ElasticsearchClient> {
    const { client, name } = this.#options;
    const problem = runtimeProblem(process.versions.node);
    if (problem !== undefined) return Promise.reject(clientError(name, problem));
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
  readonly HttpConnection?: unknown;
}

async function createClient(options: ResolvedOptions): Promise<ElasticsearchClient> {
  const { hosts, auth, tls, clientOptions = {}, sendTimeoutMs, name, clock } = options;
  const { Client, BaseConnectionPool, HttpConnection } = await loadClient(name);
  // The client's default connection knows no proxies.
  const needsHttp = clientOptions["proxy"] !== undefined && HttpConnection !== undefined;
  try {
    const client = new Client({
      ...(BaseConnectionPool === undefined ? {} : { ConnectionPool: hostPoolClass(BaseConnectionPool, clock) }),
      ...(needsHttp ? { Connection: HttpConnection } : {}),
      ...(tls === undefined ? {} : { tls }),
      ...clientOptions,
      nodes: hosts,
      auth: clientAuth(auth),
      maxRetries: 0,
      compression: false,
      // The default walks every byte of a request that failed: about a second for a megabyte.
      redaction: { type: "remove" },
      // Every request has a limit of its own; this one closes the connection if that limit is missed.
      requestTimeout: sendTimeoutMs + 5_000,
    });
    return withCredentials(client, auth, { publisher: name, clock });
  } catch {
    const rejected = rejectedOptions(Client, hosts, clientOptions).map((one) => `clientOptions.${one}`);
    // What the client throws about its options may repeat them.
    throw clientError(name, {
      code: "client",
      message: `the client does not accept ${rejected.length === 0 ? "clientOptions" : rejected.join(" and ")}`,
      hint: "see the options of its constructor",
    });
  }
}

/** Returns the names of the options that the client rejects, each on its own. */
function rejectedOptions(
  Client: ClientModule["Client"],
  nodes: readonly string[],
  clientOptions: Readonly<Record<string, unknown>>,
): readonly string[] {
  return Object.entries(clientOptions).flatMap(([name, value]) => {
    try {
      new Client({ nodes, [name]: value }).close().catch(() => undefined);
      return [];
    } catch {
      return /^[a-z]\w{0,31}$/i.test(name) ? [name] : [];
    }
  });
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
