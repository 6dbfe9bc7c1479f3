// The records that a program publishes.

/** A time: milliseconds since the Unix epoch, as `Date.now()` returns them, or a `Date`. */
export type Time = number | Date;

/** The states an execution is usually in; any other string is kept as it is. */
export type EventStatus = "pending" | "running" | "completed" | "failed" | "cancelled" | (string & {});

/** Value of an attribute; anything else is left out. */
export type AttributeValue = string | number | boolean | null | undefined;

/** Further facts about a record, by name: stored in documents, and a label only where promoted by name. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** One execution of an event. */
export interface EventMetrics {
  /** Which event: low cardinality, becomes a label. 1 to 512 characters. */
  eventName: string;
  /** Which execution: never a label. */
  taskId: string | number;
  /** When the execution began. */
  startTime: Time;
  /** When it ended; absent while it still runs. */
  endTime?: Time | null | undefined;
  /** Absent: `failed` with an error, else `completed` with an end, else `running`. Becomes a label. */
  status?: EventStatus | undefined;
  /** An Error, a message, or anything else that was thrown. Never a label. */
  error?: unknown;
  /** Class or code of the error, low cardinality; absent: the Error's `code`, else its `name`. */
  errorType?: string | null | undefined;
  /** Retries that this execution needed in all. @default 0 */
  retryCount?: number | undefined;
  /** Operating-system id of the process that ran it. */
  processId?: number | null | undefined;
  /** The pipeline that the execution belongs to. */
  pipelineId?: string | null | undefined;
  /** Trace that the execution belongs to. */
  traceId?: string | null | undefined;
  /** Span that the execution belongs to. */
  spanId?: string | null | undefined;
  /** Set it if the same record can be published twice and must be stored once. */
  recordId?: string | undefined;
  /** Anything else. */
  attributes?: Attributes | undefined;
  /** Never set on an event: tells the two kinds apart. */
  operation?: undefined;
}

/** One network operation. */
export interface NetworkMetrics {
  /** Type of operation, such as `GET` or `publish`: low cardinality, becomes a label. 1 to 512 characters. */
  operation: string;
  /** Remote end: never a label. */
  host: string;
  /** Port of the remote end, 0 to 65,535. */
  port: number | null;
  /** When the operation began. */
  startTime: Time;
  /** When it ended; absent while it still runs. */
  endTime?: Time | null | undefined;
  /** Bytes sent to the remote end. */
  bytesSent: number;
  /** Bytes received from the remote end. */
  bytesReceived: number;
  /** An Error, a message, or anything else that was thrown. Never a label. */
  error?: unknown;
  /** Class or code of the error, low cardinality; absent: the Error's `code`, else its `name`. */
  errorType?: string | null | undefined;
  /** The execution that caused the operation. */
  taskId?: string | number | undefined;
  /** The event that caused the operation. */
  eventName?: string | undefined;
  /** Trace that the operation belongs to. */
  traceId?: string | null | undefined;
  /** Span that the operation belongs to. */
  spanId?: string | null | undefined;
  /** Set it if the same record can be published twice and must be stored once. */
  recordId?: string | undefined;
  /** Anything else. */
  attributes?: Attributes | undefined;
}

/** A record of either kind. */
export type MetricsRecord = EventMetrics | NetworkMetrics;

/** Returns whether a record describes a network operation; reads only `operation`. */
export function isNetwork(
  record: Readonly<EventMetrics> | Readonly<NetworkMetrics>,
): record is Readonly<NetworkMetrics> {
  return record.operation !== undefined;
}
