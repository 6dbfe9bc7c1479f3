// Documents with ECS fields, for data streams.
import { isIPv4, isIPv6 } from "node:net";
import type { Resource } from "@eventmeter/core";
import { type EventFields, type NetworkFields, networkStatus } from "@eventmeter/core/publisher";
import { AttributesWriter, type DocumentWriter, writeResource } from "./document-parts.ts";
import type { JsonWriter } from "./json-writer.ts";

/** The version of https://www.elastic.co/docs/reference/ecs that the fields are from. */
const ECS_VERSION = "8.17.0";
const NANOSECONDS_PER_MS = 1e6;

/** Writes documents with ECS fields for the data streams of one namespace. */
export class EcsDocumentWriter implements DocumentWriter {
  readonly #json: JsonWriter;
  readonly #resource: Resource | undefined;
  readonly #labels: AttributesWriter;
  readonly #eventHead: Uint8Array;
  readonly #networkHead: Uint8Array;

  constructor(json: JsonWriter, namespace: string, resource: Resource | undefined) {
    this.#json = json;
    this.#resource = resource;
    this.#labels = new AttributesWriter(json, ',"labels":', ',"numeric_labels":');
    this.#eventHead = Buffer.from(`${headOf("event", namespace)},"action":`);
    this.#networkHead = Buffer.from(
      `${headOf("network", namespace)},"category":["network"],"type":["connection"],"action":`,
    );
  }

  writeEvent(fields: EventFields): void {
    const json = this.#json;
    const { status, processId } = fields;
    this.#writeStart(fields, this.#eventHead, fields.eventName, outcomeOf(status));
    json.writeTextMember(',"task_id":', fields.taskId);
    json.writeTextMember(',"status":', status);
    json.writeAscii(',"retry_count":');
    this.#writeLong(fields.retryCount);
    json.writeTextMember(',"pipeline_id":', fields.pipelineId);
    json.writeAscii("}");
    if (processId !== null) {
      json.writeAscii(',"process":{"pid":');
      json.writeInteger(processId);
      json.writeAscii("}");
    }
    this.#writeEnd(fields);
  }

  writeNetwork(fields: NetworkFields): void {
    const json = this.#json;
    const { error, endTime, host, port, bytesSent, bytesReceived } = fields;
    const status = networkStatus(fields);
    const outcome = error !== null ? "failure" : endTime === null ? "unknown" : "success";
    this.#writeStart(fields, this.#networkHead, fields.operation, outcome);
    json.writeTextMember(',"status":', status);
    json.writeTextMember(',"task_id":', fields.taskId);
    json.writeTextMember(',"event_name":', fields.eventName);
    json.writeAscii('},"source":{"bytes":');
    this.#writeLong(bytesSent);
    json.writeAscii('},"destination":{"bytes":');
    this.#writeLong(bytesReceived);
    if (host !== "") json.writeTextMember(',"address":', host);
    if (isIPv4(host) || (isIPv6(host) && !host.includes("%"))) json.writeTextMember(',"ip":', host);
    if (port !== null) {
      json.writeAscii(',"port":');
      json.writeInteger(port);
    }
    json.writeAscii('},"network":{"bytes":');
    this.#writeLong(bytesSent + bytesReceived);
    json.writeAscii("}");
    this.#writeEnd(fields);
  }

  #writeStart(fields: EventFields | NetworkFields, head: Uint8Array, action: string, outcome: string): void {
    const json = this.#json;
    const { startTime, endTime } = fields;
    json.writeAscii('{"@timestamp":');
    this.#writeLong(endTime ?? startTime);
    json.writeBytes(head);
    json.writeText(action);
    json.writeAscii(',"outcome":"');
    json.writeAscii(outcome);
    json.writeAscii('","start":');
    this.#writeLong(startTime);
    if (endTime !== null) {
      json.writeAscii(',"end":');
      this.#writeLong(endTime);
      json.writeAscii(',"duration":');
      json.writeInteger(Math.round((endTime - startTime) * NANOSECONDS_PER_MS));
    }
    json.writeTextMember(',"id":', fields.recordId);
    json.writeAscii('},"eventmeter":{"schema_version":1');
  }

  #writeEnd(fields: EventFields | NetworkFields): void {
    const json = this.#json;
    const { error, errorType, traceId, spanId } = fields;
    if (error !== null || errorType !== null) {
      json.writeAscii(error === null ? ',"error":{"type":' : ',"error":{"message":');
      json.writeText(error ?? (errorType as string));
      if (error !== null) json.writeTextMember(',"type":', errorType);
      json.writeAscii("}");
    }
    if (traceId !== null) this.#writeGroup(',"trace":{"id":', traceId);
    if (spanId !== null) this.#writeGroup(',"span":{"id":', spanId);
    this.#labels.write(fields);
    writeResource(json, this.#resource);
    json.writeAscii("}");
  }

  /** Writes a number for a field of type `long` or `date`; counts above 2^53 - 1 could not be told apart anyway. */
  #writeLong(value: number): void {
    this.#json.writeInteger(Math.min(Math.trunc(value), Number.MAX_SAFE_INTEGER));
  }

  #writeGroup(opening: string, text: string): void {
    this.#json.writeAscii(opening);
    this.#json.writeText(text);
    this.#json.writeAscii("}");
  }
}

const OUTCOMES: ReadonlyMap<string, string> = new Map([
  ...["completed", "success", "succeeded", "ok", "done"].map((status) => [status, "success"] as const),
  ...["failed", "error", "failure", "timeout", "retrying"].map((status) => [status, "failure"] as const),
]);

/** Returns the `event.outcome` of a status, in whatever case it is written. Hot: most statuses are in lower case. */
function outcomeOf(status: string): string {
  return OUTCOMES.get(status) ?? OUTCOMES.get(status.toLowerCase()) ?? "unknown";
}

/** Returns what is the same in all documents of one kind, up to the action. */
function headOf(kind: string, namespace: string): string {
  const dataset = `eventmeter.${kind}`;
  return (
    `,"ecs":{"version":"${ECS_VERSION}"},` +
    `"data_stream":{"type":"metrics","dataset":"${dataset}","namespace":${JSON.stringify(namespace)}},` +
    `"event":{"kind":"event","dataset":"${dataset}"`
  );
}
