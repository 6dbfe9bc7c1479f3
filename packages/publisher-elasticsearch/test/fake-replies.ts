/** What the fake server answers. */
export interface FakeReply {
  readonly status: number;
  /** A string or buffer is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the answer names the product, as all but a 413 do. @default true */
  readonly product?: boolean;
}

/** An answer in JSON. */
export function json(status: number, body: unknown): FakeReply {
  return { status, body };
}

/** An error as Elasticsearch shapes it. */
export function error(status: number, type: string, reason: string): FakeReply {
  return json(status, { error: { root_cause: [{ type, reason }], type, reason }, status });
}
