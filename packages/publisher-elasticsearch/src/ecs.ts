import { isIPv4, isIPv6 } from "node:net";
import type { EventFields, NetworkFields, Resource } from "@eventmeter/core";
import type { Documents } from "./encode.ts";
import { attributesText, longText, member, quote } from "./json-text.ts";
import { resourceText } from "./resource-text.ts";

/** The version of https://www.elastic.co/docs/reference/ecs that the fields are from. */
const ECS_VERSION = "8.17.0";
const NANOSECONDS_IN_MS = 1e6;

/** Makes the writer of documents with ECS fields, for the data streams of one namespace. */
export function createEcsDocuments(namespace: string, resource: Resource | undefined): Documents {
  const head = (kind: string): string =>
    `"ecs":{"version":"${ECS_VERSION}"},"data_stream":{"type":"metrics","dataset":"eventmeter.${kind}","namespace":${quote(namespace)}},` +
    `"event":{"kind":"event","dataset":"eventmeter.${kind}"`;
  const eventHead = head("event");
  const networkHead = `${head("network")},"category":["network"],"type":["connection"]`;
  const tail = `${resourceText(resource)}}`;
  return {
    // Hot: one string per document, written piece by piece.
    event(fields) {
      const { status } = fields;
      const outcome = status === "completed" ? "success" : status === "failed" ? "failure" : "unknown";
      return (
        `${begin(fields, eventHead, fields.eventName, outcome)},` +
        `"eventmeter":{"schema_version":1,"task_id":${quote(fields.taskId)},"status":${quote(status)},` +
        `"retry_count":${longText(fields.retryCount)}${member('"pipeline_id"', fields.pipelineId)}}` +
        (fields.processId === null ? "" : `,"process":{"pid":${fields.processId}}`) +
        end(fields, tail)
      );
    },
    network(fields) {
      const { error, endTime, host, port, bytesSent, bytesReceived } = fields;
      const status = error !== null ? "failed" : endTime === null ? "running" : "completed";
      const outcome = error !== null ? "failure" : endTime === null ? "unknown" : "success";
      const ip = isIPv4(host) || (isIPv6(host) && !host.includes("%")) ? host : undefined;
      return (
        `${begin(fields, networkHead, fields.operation, outcome)},` +
        `"eventmeter":{"schema_version":1,"status":"${status}"${member('"task_id"', fields.taskId)}${member('"event_name"', fields.eventName)}},` +
        `"source":{"bytes":${longText(bytesSent)}},"destination":{"bytes":${longText(bytesReceived)}` +
        `${member('"address"', host === "" ? undefined : host)}${member('"ip"', ip)}${port === null ? "" : `,"port":${port}`}},` +
        `"network":{"bytes":${longText(bytesSent + bytesReceived)}}` +
        end(fields, tail)
      );
    },
  };
}

function begin(fields: EventFields | NetworkFields, head: string, action: string, outcome: string): string {
  const { startTime, endTime } = fields;
  const times =
    endTime === null
      ? ""
      : `,"end":${Math.trunc(endTime)},"duration":${Math.round((endTime - startTime) * NANOSECONDS_IN_MS)}`;
  return (
    `{"@timestamp":${Math.trunc(endTime ?? startTime)},${head},"action":${quote(action)},"outcome":"${outcome}",` +
    `"start":${Math.trunc(startTime)}${times}${member('"id"', fields.recordId)}}`
  );
}

function end(fields: EventFields | NetworkFields, tail: string): string {
  const { error, errorType, traceId, spanId } = fields;
  const labels = attributesText(fields);
  return (
    errorText(error, errorType) +
    (traceId === null ? "" : `,"trace":{"id":${quote(traceId)}}`) +
    (spanId === null ? "" : `,"span":{"id":${quote(spanId)}}`) +
    (labels === "" ? "" : `,"labels":${labels}`) +
    tail
  );
}

function errorText(message: string | null, type: string | null): string {
  if (message === null) return type === null ? "" : `,"error":{"type":${quote(type)}}`;
  return `,"error":{"message":${quote(message)}${member('"type"', type)}}`;
}
