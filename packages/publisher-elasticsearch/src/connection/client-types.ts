/** A request as the official client's transport takes it. */
export interface ElasticsearchRequest {
  readonly method: string;
  readonly path: string;
  readonly querystring?: string;
  readonly body?: string;
  readonly bulkBody?: Buffer;
}

/** The request options of the official client's transport that are used. */
export interface ElasticsearchRequestOptions {
  readonly asStream: true;
  readonly meta: true;
  readonly maxRetries: 0;
  readonly compression: false;
  readonly redaction: { readonly type: "remove" };
  readonly headers: Record<string, string>;
  readonly signal: AbortSignal;
}

/** The part of an official client, of major 8 or 9, that is used; any of them is assignable to it. */
export interface ElasticsearchClient {
  readonly transport: {
    request(params: ElasticsearchRequest, options: ElasticsearchRequestOptions): Promise<unknown>;
  };
  close(): Promise<unknown>;
}
