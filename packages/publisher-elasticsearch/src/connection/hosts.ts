// Hosts of a client: which of them answered or failed, and whether another one can take a request.
import type { ElasticsearchClient, HostConnection, HostPool } from "./client-types.ts";

/** Returns whether a status says that a host cannot take requests, so that another one is asked. */
export function isUnavailable(status: number): boolean {
  return status === 502 || status === 503 || status === 504;
}

/** Returns how many hosts a client has; 1 if it does not tell. */
export function countHosts(client: ElasticsearchClient): number {
  return Math.max(connectionsOf(client).length, 1);
}

const CHOSEN = Symbol("eventmeter.host");
const watched = new WeakSet<ElasticsearchClient>();

/** The host that a client chose for one request; undefined before that, and if the client does not tell. */
export interface ChosenHost {
  connection: HostConnection | undefined;
}

/** Returns the `context` of a request with which its host becomes known. What the client throws does not name it. */
export function contextFor(client: ElasticsearchClient, chosen: ChosenHost): Record<string, unknown> {
  const { diagnostic } = client as { readonly diagnostic?: Partial<ClientDiagnostic> };
  if (!watched.has(client)) {
    // One listener for each client, whatever the number of publishers and requests.
    watched.add(client);
    diagnostic?.on?.("request", (_, result) => {
      const { context, connection } = result.meta ?? {};
      const known = context?.[CHOSEN];
      if (known !== undefined) known.connection = connection ?? undefined;
    });
  }
  return { [CHOSEN]: chosen } as object as Record<string, unknown>;
}

/** The part of the client's diagnostic events that is used. */
interface ClientDiagnostic {
  on(
    event: "request",
    listener: (
      error: unknown,
      result: {
        readonly meta?: {
          readonly context?: { readonly [CHOSEN]?: ChosenHost } | null;
          readonly connection?: HostConnection | null;
        };
      },
    ) => void,
  ): void;
}

/** Returns host and port of a connection, without credentials and path. */
export function hostOf(connection: HostConnection | undefined): string | undefined {
  const host: unknown = connection?.url?.host;
  return typeof host === "string" && host !== "" ? host.slice(0, 300) : undefined;
}

/** Tells the pool of a client that a host answers, or that it does not: it leaves out a host that does not answer. */
export function markHost(client: ElasticsearchClient, connection: HostConnection | undefined, isAlive: boolean): void {
  if (connection === undefined) return;
  const pool = poolOf(client);
  if (isAlive) pool?.markAlive?.(connection);
  else pool?.markDead?.(connection);
}

/** Returns whether a client has another host that works, as far as it knows. */
export function hasOtherHost(client: ElasticsearchClient, connection: HostConnection | undefined): boolean {
  return (
    connection?.status === "dead" && connectionsOf(client).some((one) => one !== connection && one.status === "alive")
  );
}

function connectionsOf(client: ElasticsearchClient): readonly HostConnection[] {
  const connections: unknown = poolOf(client)?.connections;
  return Array.isArray(connections) ? (connections as readonly HostConnection[]) : [];
}

function poolOf(client: ElasticsearchClient): Partial<HostPool> | undefined {
  return (client as { readonly connectionPool?: Partial<HostPool> }).connectionPool;
}
