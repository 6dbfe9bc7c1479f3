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
  readonly signal: AbortSignal;
}

/** The part of an official client that is used. Clients of major 8 and 9 are assignable to it. */
export interface ElasticsearchClient {
  readonly transport: {
    request(params: ElasticsearchRequest, options: ElasticsearchRequestOptions): Promise<unknown>;
  };
  close(): Promise<unknown>;
}
