import { isIPv4, isIPv6 } from "node:net";
import type { Resource } from "@eventmeter/core";
import type { EventFields, NetworkFields } from "@eventmeter/core/publisher";
import { createAttributesWriter } from "./attributes.ts";
import type { Documents } from "./document-writer.ts";
import type { JsonWriter } from "./json-writer.ts";
import { writeResource } from "./resource.ts";

/** The version of https://www.elastic.co/docs/reference/ecs that the fields are from. */
const ECS_VERSION = "8.17.0";
const NANOSECONDS_IN_MS = 1e6;

/** Makes what writes documents with ECS fields, for the data streams of one namespace. */
export function createEcsDocuments(writer: JsonWriter, namespace: string, resource: Resource | undefined): Documents {
  const { raw, integer, prepared, quote, member } = writer;
  const writeLabels = createAttributesWriter(writer, ',"labels":');
  const head = (kind: string): string =>
    `,"ecs":{"version":"${ECS_VERSION}"},"data_stream":{"type":"metrics","dataset":"eventmeter.${kind}","namespace":${JSON.stringify(namespace)}},` +
    `"event":{"kind":"event","dataset":"eventmeter.${kind}"`;
  const eventHead = Buffer.from(`${head("event")},"action":`);
  const networkHead = Buffer.from(`${head("network")},"category":["network"],"type":["connection"],"action":`);

  function begin(fields: EventFields | NetworkFields, eventPart: Uint8Array, action: string, outcome: string): void {
    const { startTime, endTime } = fields;
    raw('{"@timestamp":');
    long(endTime ?? startTime);
    prepared(eventPart);
    quote(action);
    raw(',"outcome":"');
    raw(outcome);
    raw('","start":');
    long(startTime);
    if (endTime !== null) {
      raw(',"end":');
      long(endTime);
      raw(',"duration":');
      integer(Math.round((endTime - startTime) * NANOSECONDS_IN_MS));
    }
    member(',"id":', fields.recordId);
    raw('},"eventmeter":{"schema_version":1');
  }

  function end(fields: EventFields | NetworkFields): void {
    const { error, errorType, traceId, spanId } = fields;
    if (error !== null || errorType !== null) {
      raw(error === null ? ',"error":{"type":' : ',"error":{"message":');
      quote(error ?? (errorType as string));
      if (error !== null) member(',"type":', errorType);
      raw("}");
    }
    if (traceId !== null) group(',"trace":{"id":', traceId);
    if (spanId !== null) group(',"span":{"id":', spanId);
    writeLabels(fields);
    writeResource(writer, resource);
    raw("}");
  }

  /** Writes a number for a field of type `long` or `date`; counts above 2^53 - 1 could not be told apart anyway. */
  function long(value: number): void {
    integer(Math.min(Math.trunc(value), Number.MAX_SAFE_INTEGER));
  }

  function group(name: string, text: string): void {
    raw(name);
    quote(text);
    raw("}");
  }

  return {
    event(fields) {
      const { status, processId } = fields;
      const outcome = status === "completed" ? "success" : status === "failed" ? "failure" : "unknown";
      begin(fields, eventHead, fields.eventName, outcome);
      member(',"task_id":', fields.taskId);
      member(',"status":', status);
      raw(',"retry_count":');
      long(fields.retryCount);
      member(',"pipeline_id":', fields.pipelineId);
      raw("}");
      if (processId !== null) {
        raw(',"process":{"pid":');
        integer(processId);
        raw("}");
      }
      end(fields);
    },
    network(fields) {
      const { error, endTime, host, port, bytesSent, bytesReceived } = fields;
      const status = error !== null ? "failed" : endTime === null ? "running" : "completed";
      const outcome = error !== null ? "failure" : endTime === null ? "unknown" : "success";
      begin(fields, networkHead, fields.operation, outcome);
      member(',"status":', status);
      member(',"task_id":', fields.taskId);
      member(',"event_name":', fields.eventName);
      raw('},"source":{"bytes":');
      long(bytesSent);
      raw('},"destination":{"bytes":');
      long(bytesReceived);
      if (host !== "") member(',"address":', host);
      if (isIPv4(host) || (isIPv6(host) && !host.includes("%"))) member(',"ip":', host);
      if (port !== null) {
        raw(',"port":');
        integer(port);
      }
      raw('},"network":{"bytes":');
      long(bytesSent + bytesReceived);
      raw("}");
      end(fields);
    },
  };
}
