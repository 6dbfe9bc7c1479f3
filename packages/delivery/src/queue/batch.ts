// A batch: records of one lane that are sent in one request.

/** Records of one lane that share a request. A half or a remainder is a new batch with a new id. */
export interface Batch {
  /** Unique, kept through every attempt: an idempotency key. */
  readonly id: string;
  /** Where the batch is sent; `""` unless `encode` names lanes. */
  readonly lane: string;
  /** Number of records. */
  readonly count: number;
  /** The encoded records back to back, without separators: record `i` is `records.subarray(offsets[i], offsets[i + 1])`. */
  readonly records: Uint8Array;
  /** `count + 1` positions in `records`. */
  readonly offsets: Uint32Array;
  /** Length of `body()` in bytes: what batch limits apply to. */
  readonly bytes: number;
  /** Returns the request body: the memory of `records`, or a copy with prefix, separators and suffix if the definition has a `wrap`. */
  body(): Uint8Array<ArrayBuffer>;
}

/** Text around and between the records of a request. */
export interface BatchWrap {
  readonly prefix?: string | undefined;
  readonly separator?: string | undefined;
  readonly suffix?: string | undefined;
}
