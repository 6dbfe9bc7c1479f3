// The standard dictionary: what a record looks like outside of this library.
import { type EventFields, type NetworkFields, networkStatus } from "./record-fields.ts";
import { type AttributeSource, readAttributes } from "./read-attributes.ts";

/** Keys of both kinds of dictionary. */
export interface FormattedBase {
  schema_version: 1;
  /** ISO 8601 in UTC: the end, else the start; null when neither is valid. */
  timestamp: string | null;
  /** Epoch seconds. */
  start_time: number | null;
  /** Epoch seconds, never before `start_time`; null while it runs. */
  end_time: number | null;
  status: string;
  error: string | null;
  error_type?: string;
  trace_id?: string;
  span_id?: string;
  record_id?: string;
  attributes?: Record<string, string | number | boolean>;
}

/** The standard dictionary of an event. */
export interface FormattedEvent extends FormattedBase {
  metric_type: "event";
  event_name: string | null;
  task_id: string | null;
  /** Seconds; null while the execution runs. */
  duration: number | null;
  retry_count: number;
  process_id: number | null;
  pipeline_id?: string;
}

/** The standard dictionary of a network operation. */
export interface FormattedNetwork extends FormattedBase {
  metric_type: "network";
  operation: string | null;
  host: string;
  port: number | null;
  /** Seconds; null while the operation runs. */
  latency: number | null;
  bytes_sent: number;
  bytes_received: number;
  task_id?: string;
  event_name?: string;
}

/** The standard dictionary of either kind. */
export type FormattedMetrics = FormattedEvent | FormattedNetwork;

type Known<Fields, Uncertain extends keyof Fields> = Omit<Fields, Uncertain> & {
  [Field in Uncertain]: Fields[Field] | null;
};

/** Fields of an event that may be invalid. */
export type KnownEvent = Known<EventFields, "eventName" | "taskId" | "startTime">;

/** Fields of a network operation that may be invalid. */
export type KnownNetwork = Known<NetworkFields, "operation" | "startTime">;

/** Creates the dictionary of an event. Throws what a getter of the caller's attributes throws, after reading all `fields`. */
export function eventDictionary(fields: KnownEvent): FormattedEvent {
  const formatted: FormattedEvent = {
    metric_type: "event",
    schema_version: 1,
    timestamp: isoTime(fields.endTime ?? fields.startTime),
    event_name: fields.eventName,
    task_id: fields.taskId,
    status: fields.status,
    start_time: seconds(fields.startTime),
    end_time: seconds(fields.endTime),
    duration: secondsBetween(fields.startTime, fields.endTime),
    error: fields.error,
    retry_count: fields.retryCount,
    process_id: fields.processId,
  };
  if (fields.pipelineId !== null) formatted.pipeline_id = fields.pipelineId;
  return addOptional(formatted, fields);
}

/** Creates the dictionary of a network operation. Throws what a getter of the caller's attributes throws, after reading all `fields`. */
export function networkDictionary(fields: KnownNetwork): FormattedNetwork {
  const formatted: FormattedNetwork = {
    metric_type: "network",
    schema_version: 1,
    timestamp: isoTime(fields.endTime ?? fields.startTime),
    operation: fields.operation,
    host: fields.host,
    port: fields.port,
    status: networkStatus(fields),
    start_time: seconds(fields.startTime),
    end_time: seconds(fields.endTime),
    latency: secondsBetween(fields.startTime, fields.endTime),
    bytes_sent: fields.bytesSent,
    bytes_received: fields.bytesReceived,
    error: fields.error,
  };
  if (fields.taskId !== undefined) formatted.task_id = fields.taskId;
  if (fields.eventName !== undefined) formatted.event_name = fields.eventName;
  return addOptional(formatted, fields);
}

interface OptionalFields extends AttributeSource {
  readonly errorType: string | null;
  readonly traceId: string | null;
  readonly spanId: string | null;
  readonly recordId: string | undefined;
}

function addOptional<Formatted extends FormattedBase>(formatted: Formatted, fields: OptionalFields): Formatted {
  if (fields.errorType !== null) formatted.error_type = fields.errorType;
  if (fields.traceId !== null) formatted.trace_id = fields.traceId;
  if (fields.spanId !== null) formatted.span_id = fields.spanId;
  if (fields.recordId !== undefined) formatted.record_id = fields.recordId;
  const entries: [string, string | number | boolean][] = [];
  readAttributes(fields, (name, value) => entries.push([name, value]));
  // fromEntries, since a plain assignment to `__proto__` would lose the value.
  if (entries.length > 0) formatted.attributes = Object.fromEntries(entries);
  return formatted;
}

function isoTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000;
}

function secondsBetween(start: number | null, end: number | null): number | null {
  return start === null || end === null ? null : (end - start) / 1_000;
}
