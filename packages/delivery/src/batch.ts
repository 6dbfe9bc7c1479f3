/** Records of one lane that travel together. A split or a remainder is a new batch with a new id. */
export interface Batch {
  /** Unique, kept through every attempt: an idempotency key. */
  readonly id: string;
  /** Where the batch goes; `""` unless `encode` names lanes. */
  readonly lane: string;
  /** Number of records. */
  readonly count: number;
  /** The encoded records back to back, without separators: record `i` is `records.subarray(offsets[i], offsets[i + 1])`. */
  readonly records: Uint8Array;
  /** `count + 1` positions in `records`. */
  readonly offsets: Uint32Array;
  /** Length of `body()` in bytes: what batch limits apply to. */
  readonly bytes: number;
  /** What is sent: the memory of `records`, or a copy with prefix, separators and suffix where the definition has a `wrap`. */
  body(): Uint8Array<ArrayBuffer>;
}

/** What surrounds the records of a batch when it is sent. */
export interface BatchWrap {
  readonly prefix?: string | undefined;
  readonly separator?: string | undefined;
  readonly suffix?: string | undefined;
}
