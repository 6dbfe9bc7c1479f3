// Documents for daily indices: the standard dictionary (`formatMetrics`) with `@timestamp`.
import type { Resource } from "@eventmeter/core";
import { type EventFields, type NetworkFields, networkStatus } from "@eventmeter/core/publisher";
import { AttributesWriter, type DocumentWriter, writeResource } from "./document-parts.ts";
import type { JsonWriter } from "./json-writer.ts";

/** Writes documents that are the standard dictionary with `@timestamp`, and `service` and `resource` if there is a resource. */
export class DailyDocumentWriter implements DocumentWriter {
  readonly #json: JsonWriter;
  readonly #resource: Resource | undefined;
  readonly #attributes: AttributesWriter;

  constructor(json: JsonWriter, resource: Resource | undefined) {
    this.#json = json;
    this.#resource = resource;
    this.#attributes = new AttributesWriter(json, ',"attributes":');
  }

  writeEvent(fields: EventFields): void {
    const json = this.#json;
    this.#writeStart(fields, "event");
    json.writeTextMember(',"event_name":', fields.eventName);
    json.writeTextMember(',"task_id":', fields.taskId);
    json.writeTextMember(',"status":', fields.status);
    this.#writeTimesAndError(fields, "duration");
    json.writeAscii(`,"retry_count":${fields.retryCount},"process_id":${fields.processId}`);
    json.writeTextMember(',"pipeline_id":', fields.pipelineId);
    this.#writeEnd(fields);
  }

  writeNetwork(fields: NetworkFields): void {
    const json = this.#json;
    this.#writeStart(fields, "network");
    json.writeTextMember(',"operation":', fields.operation);
    json.writeTextMember(',"host":', fields.host);
    json.writeAscii(`,"port":${fields.port}`);
    json.writeTextMember(',"status":', networkStatus(fields));
    this.#writeTimesAndError(fields, "latency");
    json.writeAscii(`,"bytes_sent":${fields.bytesSent},"bytes_received":${fields.bytesReceived}`);
    json.writeTextMember(',"task_id":', fields.taskId);
    json.writeTextMember(',"event_name":', fields.eventName);
    this.#writeEnd(fields);
  }

  #writeStart({ startTime, endTime }: EventFields | NetworkFields, type: string): void {
    const timestamp = new Date(endTime ?? startTime).toISOString();
    this.#json.writeAscii(
      `{"@timestamp":"${timestamp}","metric_type":"${type}","schema_version":1,"timestamp":"${timestamp}"`,
    );
  }

  #writeTimesAndError({ startTime, endTime, error }: EventFields | NetworkFields, elapsed: string): void {
    const seconds = endTime === null ? null : (endTime - startTime) / 1_000;
    const endSeconds = endTime === null ? null : endTime / 1_000;
    this.#json.writeAscii(`,"start_time":${startTime / 1_000},"end_time":${endSeconds},"${elapsed}":${seconds}`);
    if (error === null) this.#json.writeAscii(',"error":null');
    else this.#json.writeTextMember(',"error":', error);
  }

  #writeEnd(fields: EventFields | NetworkFields): void {
    const json = this.#json;
    json.writeTextMember(',"error_type":', fields.errorType);
    json.writeTextMember(',"trace_id":', fields.traceId);
    json.writeTextMember(',"span_id":', fields.spanId);
    json.writeTextMember(',"record_id":', fields.recordId);
    this.#attributes.write(fields);
    writeResource(json, this.#resource);
    json.writeAscii("}");
  }
}
