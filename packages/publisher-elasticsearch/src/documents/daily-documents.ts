import type { Resource } from "@eventmeter/core";
import type { EventFields, NetworkFields } from "@eventmeter/core/publisher";
import { createAttributesWriter } from "./attributes.ts";
import type { Documents } from "./document-writer.ts";
import type { JsonWriter } from "./json-writer.ts";
import { writeResource } from "./resource.ts";

/** Makes what writes documents that are the standard dictionary, as `formatMetrics` gives it, with `@timestamp`. */
export function createDictionaryDocuments(writer: JsonWriter, resource: Resource | undefined): Documents {
  const { raw, quote, member } = writer;
  const writeAttributes = createAttributesWriter(writer, ',"attributes":');

  function begin({ startTime, endTime }: EventFields | NetworkFields, type: string): void {
    const timestamp = new Date(endTime ?? startTime).toISOString();
    raw(`{"@timestamp":"${timestamp}","metric_type":"${type}","schema_version":1,"timestamp":"${timestamp}"`);
  }

  function times({ startTime, endTime, error }: EventFields | NetworkFields, elapsed: string): void {
    const seconds = endTime === null ? null : (endTime - startTime) / 1_000;
    const endSeconds = endTime === null ? null : endTime / 1_000;
    raw(`,"start_time":${startTime / 1_000},"end_time":${endSeconds},"${elapsed}":${seconds}`);
    if (error === null) raw(',"error":null');
    else member(',"error":', error);
  }

  function end(fields: EventFields | NetworkFields): void {
    member(',"error_type":', fields.errorType);
    member(',"trace_id":', fields.traceId);
    member(',"span_id":', fields.spanId);
    member(',"record_id":', fields.recordId);
    writeAttributes(fields);
    writeResource(writer, resource);
    raw("}");
  }

  return {
    event(fields) {
      begin(fields, "event");
      member(',"event_name":', fields.eventName);
      member(',"task_id":', fields.taskId);
      member(',"status":', fields.status);
      times(fields, "duration");
      raw(`,"retry_count":${fields.retryCount},"process_id":${fields.processId}`);
      member(',"pipeline_id":', fields.pipelineId);
      end(fields);
    },
    network(fields) {
      const { error, endTime } = fields;
      begin(fields, "network");
      member(',"operation":', fields.operation);
      raw(',"host":');
      quote(fields.host);
      raw(`,"port":${fields.port}`);
      member(',"status":', error !== null ? "failed" : endTime === null ? "running" : "completed");
      times(fields, "latency");
      raw(`,"bytes_sent":${fields.bytesSent},"bytes_received":${fields.bytesReceived}`);
      member(',"task_id":', fields.taskId);
      member(',"event_name":', fields.eventName);
      end(fields);
    },
  };
}
