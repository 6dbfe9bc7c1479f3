// Fields of a record after normalisation.
import type { Attributes } from "./records.ts";

/** Which fields a reader fills: all of them, or only those that series need. */
export type FieldScope = "document" | "series";

/** An event after normalisation. Belongs to one publisher and is overwritten by its next record. */
export interface EventFields {
  readonly scope: FieldScope;
  eventName: string;
  taskId: string;
  /** Epoch milliseconds. */
  startTime: number;
  /** Epoch milliseconds, never before `startTime`; null while the execution runs. */
  endTime: number | null;
  status: string;
  /** The message, up to 8 KiB; null without an error. Not read in scope `series`. */
  error: string | null;
  errorType: string | null;
  retryCount: number;
  /** Not read in scope `series`. */
  processId: number | null;
  /** Not read in scope `series`. */
  pipelineId: string | null;
  traceId: string | null;
  /** Not read in scope `series`. */
  spanId: string | null;
  /** Not read in scope `series`. */
  recordId: string | undefined;
  /** The caller's own object, unchecked: read it with `readAttributes` or `readAttribute`, during the call only. */
  attributes: Attributes | undefined;
  readonly operation: undefined;
  /** How many fields of this record were repaired or left out. */
  repaired: number;
  /** Why the last record was invalid: one clause that names each wrong field, never a value. */
  problem: string;
}

/** A network operation after normalisation. Belongs to one publisher and is overwritten by its next record. */
export interface NetworkFields {
  readonly scope: FieldScope;
  operation: string;
  /** Not read in scope `series`. */
  host: string;
  /** Not read in scope `series`. */
  port: number | null;
  /** Epoch milliseconds. */
  startTime: number;
  /** Epoch milliseconds, never before `startTime`; null while the operation runs. */
  endTime: number | null;
  bytesSent: number;
  bytesReceived: number;
  /** The message, up to 8 KiB; null without an error. Not read in scope `series`. */
  error: string | null;
  errorType: string | null;
  taskId: string | undefined;
  eventName: string | undefined;
  traceId: string | null;
  /** Not read in scope `series`. */
  spanId: string | null;
  /** Not read in scope `series`. */
  recordId: string | undefined;
  /** The caller's own object, unchecked: read it with `readAttributes` or `readAttribute`, during the call only. */
  attributes: Attributes | undefined;
  /** How many fields of this record were repaired or left out. */
  repaired: number;
  /** Why the last record was invalid: one clause that names each wrong field, never a value. */
  problem: string;
}

/** Returns the status of a network operation, which its records do not state. */
export function networkStatus({ error, endTime }: { readonly error: unknown; readonly endTime: unknown }): string {
  if (error !== null) return "failed";
  return endTime === null ? "running" : "completed";
}

/** Fields of either kind. */
export type RecordFields = EventFields | NetworkFields;
