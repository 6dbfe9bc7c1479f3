import type { EventFields, NetworkFields, Resource } from "@eventmeter/core";
import type { Documents } from "./encode.ts";
import { attributesText, member, quote } from "./json-text.ts";
import { resourceText } from "./resource-text.ts";

/** Makes the writer of documents that are the standard dictionary, as `formatMetrics` gives it, with `@timestamp`. */
export function createDictionaryDocuments(resource: Resource | undefined): Documents {
  const tail = `${resourceText(resource)}}`;
  return {
    event: (fields) =>
      `${begin(fields, "event")},"event_name":${quote(fields.eventName)},"task_id":${quote(fields.taskId)},` +
      `"status":${quote(fields.status)},${times(fields, "duration")},"retry_count":${fields.retryCount},` +
      `"process_id":${fields.processId}${member('"pipeline_id"', fields.pipelineId)}${end(fields, tail)}`,
    network(fields) {
      const { error, endTime } = fields;
      const status = error !== null ? "failed" : endTime === null ? "running" : "completed";
      return (
        `${begin(fields, "network")},"operation":${quote(fields.operation)},"host":${quote(fields.host)},` +
        `"port":${fields.port},"status":"${status}",${times(fields, "latency")},"bytes_sent":${fields.bytesSent},` +
        `"bytes_received":${fields.bytesReceived}${member('"task_id"', fields.taskId)}` +
        `${member('"event_name"', fields.eventName)}${end(fields, tail)}`
      );
    },
  };
}

function begin({ startTime, endTime }: EventFields | NetworkFields, type: string): string {
  const timestamp = new Date(endTime ?? startTime).toISOString();
  return `{"@timestamp":"${timestamp}","metric_type":"${type}","schema_version":1,"timestamp":"${timestamp}"`;
}

function times({ startTime, endTime, error }: EventFields | NetworkFields, elapsed: string): string {
  const seconds = endTime === null ? null : (endTime - startTime) / 1_000;
  return (
    `"start_time":${startTime / 1_000},"end_time":${endTime === null ? null : endTime / 1_000},` +
    `"${elapsed}":${seconds},"error":${error === null ? null : quote(error)}`
  );
}

function end(fields: EventFields | NetworkFields, tail: string): string {
  const attributes = attributesText(fields);
  return (
    member('"error_type"', fields.errorType) +
    member('"trace_id"', fields.traceId) +
    member('"span_id"', fields.spanId) +
    member('"record_id"', fields.recordId) +
    (attributes === "" ? "" : `,"attributes":${attributes}`) +
    tail
  );
}
