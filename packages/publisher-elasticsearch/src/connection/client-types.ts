// Types of the official client, as far as it is used.
/** Request that the official client's transport takes. */
export interface ElasticsearchRequest {
  readonly method: string;
  readonly path: string;
  readonly querystring?: string;
  readonly body?: string;
  readonly bulkBody?: Buffer;
}

/** Options of the official client's transport that are used. */
export interface ElasticsearchRequestOptions {
  readonly asStream: true;
  readonly meta: true;
  readonly maxRetries: 0;
  readonly compression: false;
  readonly redaction: { readonly type: "remove" };
  readonly headers: Record<string, string>;
  readonly context: Record<string, unknown>;
  readonly signal: AbortSignal;
}

/** The part of an official client that is used. Clients of major 8 and 9 are assignable to it. */
export interface ElasticsearchClient {
  readonly transport: {
    request(params: ElasticsearchRequest, options: ElasticsearchRequestOptions): Promise<unknown>;
  };
  close(): Promise<unknown>;
}

/** One host in a pool of the official client. */
export interface HostConnection {
  readonly url?: { readonly host?: unknown } | undefined;
  readonly status?: unknown;
  request(
    params: { readonly method: string; readonly path: string },
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly statusCode: number }>;
}

/** What the transport of the official client asks its pool for a host with. */
export interface HostQuery {
  readonly filter?: ((connection: HostConnection) => boolean) | null | undefined;
  readonly selector?: ((connections: readonly HostConnection[]) => HostConnection | null) | null | undefined;
}

/** Pool of hosts of the official client. */
export interface HostPool {
  readonly connections: readonly HostConnection[];
  getConnection(query: HostQuery): HostConnection | null;
  markAlive(connection: HostConnection): unknown;
  markDead(connection: HostConnection): unknown;
  empty(): Promise<unknown>;
}

/** Constructor of a pool. */
export type HostPoolConstructor = new (options: object) => HostPool;
