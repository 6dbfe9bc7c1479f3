import { PublisherError } from "@eventmeter/core";
import type { ElasticsearchClient } from "./client-types.ts";
import { type Finding, findingText } from "./server-identity.ts";
import type { ElasticsearchAuth, ResolvedOptions } from "../options.ts";

/** The client of one publisher: its own, loaded and made when it is first asked for, or the one that was passed in. */
export interface Connection {
  /** Rejects with a final `PublisherError` if there can be none. */
  client(): Promise<ElasticsearchClient>;
  /** Closes a client of its own; one that was passed in stays open. */
  close(): Promise<void>;
}

/** Makes the connection of one publisher; nothing is loaded yet. */
export function createConnection(options: ResolvedOptions): Connection {
  const { client: given } = options;
  let own: Promise<ElasticsearchClient> | undefined;
  return {
    client: () => (given === undefined ? (own ??= createClient(options)) : Promise.resolve(given)),
    async close() {
      const client = await own?.catch(() => undefined);
      await client?.close();
    },
  };
}

type ClientConstructor = new (options: object) => ElasticsearchClient;

async function createClient(options: ResolvedOptions): Promise<ElasticsearchClient> {
  const { hosts, auth, clientOptions, sendTimeoutMs, name } = options;
  const fail = (finding: Finding): PublisherError =>
    new PublisherError(findingText(finding), {
      code: "start-failed",
      publisher: name,
      retryable: false,
      cause: finding,
    });
  let Client: ClientConstructor;
  try {
    // Loaded where it is used: importing it takes longer than everything else here. As a plain string, since the compiler
    // would read the client's types, which need packages that most have not installed.
    // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- see above
    ({ Client } = (await import("@elastic/elasticsearch" as string)) as { readonly Client: ClientConstructor });
  } catch (caught) {
    throw fail(loadFinding(caught));
  }
  try {
    return new Client({
      ...clientOptions,
      nodes: hosts,
      auth: authOf(auth),
      maxRetries: 0,
      compression: false,
      // The default walks every byte of a request that failed: about a second for a megabyte.
      redaction: { type: "remove" },
      // Every request has a limit of its own; this one is for the connection should that be missed.
      requestTimeout: sendTimeoutMs + 5_000,
    });
  } catch {
    // What the client says of its options may repeat them.
    throw fail({
      code: "client",
      message: "the client does not accept clientOptions",
      hint: "see the options of its constructor",
    });
  }
}

/** Says why the official client cannot be loaded, and what to do: it is not there, or it is and does not run here. */
export function loadFinding(caught: unknown): Finding {
  const { code, message } = (caught ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  if (code === "ERR_MODULE_NOT_FOUND" && /'@elastic\/elasticsearch'/.test(String(message)))
    return {
      code: "client",
      message: "@elastic/elasticsearch is not installed",
      hint: "install version 8 or 9 of it, or pass in a client",
    };
  const known = typeof code === "string" && /^[A-Z][A-Z0-9_]{2,63}$/.test(code) ? ` (${code})` : "";
  return {
    code: "client",
    message: `@elastic/elasticsearch is there but cannot be loaded${known}`,
    hint: "install version 8 or 9 of it anew, on a Node.js that it supports",
  };
}

function authOf(auth: ElasticsearchAuth | undefined): object | undefined {
  if (auth === undefined) return undefined;
  if (auth.apiKey !== undefined) return { apiKey: auth.apiKey };
  if (auth.bearer !== undefined) return { bearer: auth.bearer };
  return { username: auth.username, password: auth.password };
}
