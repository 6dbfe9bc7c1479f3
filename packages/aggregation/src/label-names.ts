// Names of labels: those of promoted attributes are cleaned, and none of them may collide.
import type { ReportOptionError } from "@eventmeter/core/publisher";
import { EVENT_DURATION, EVENT_RETRIES, NETWORK_BYTES, NETWORK_LATENCY } from "./catalogue.ts";

/** The record's own field that can be promoted for both kinds, besides attributes. */
export const ERROR_TYPE = "errorType";

/** The record's own field that can also be promoted for network operations: it joins them with the events that caused them. */
export const EVENT_NAME = "eventName";

/** Names that a scraper or a histogram uses. */
const RESERVED: ReadonlySet<string> = new Set(["job", "instance", "le", "quantile"]);

const TAKEN = {
  event: new Set([EVENT_NAME, ...EVENT_DURATION.labelNames, ...EVENT_RETRIES.labelNames]),
  network: new Set([...NETWORK_BYTES.labelNames, ...NETWORK_LATENCY.labelNames]),
};

/** Fields that both kinds have, as records and as dictionaries spell them. */
const COMMON_FIELDS =
  "taskId task_id startTime start_time endTime end_time error error_type traceId trace_id spanId span_id recordId record_id attributes";

/** Fields of records that cannot be labels: an attribute of such a name would be mistaken for the field. */
const FIELDS = {
  event: new Set(
    `${COMMON_FIELDS} retryCount retry_count processId process_id pipelineId pipeline_id readyTime ready_time runId run_id`.split(
      " ",
    ),
  ),
  network: new Set(
    `${COMMON_FIELDS} host port bytesSent bytes_sent bytesReceived bytes_received event_name`.split(" "),
  ),
};

const NO_LABEL = {
  event: `is a field of the record that cannot be a label; attributes and ${ERROR_TYPE} can`,
  network: `is a field of the record that cannot be a label; attributes, ${ERROR_TYPE} and ${EVENT_NAME} can`,
};

/**
 * Returns any text as a valid label name: each character outside `[a-zA-Z0-9_]` becomes `_`, leading underscores are
 * removed, because OpenMetrics reserves them, and a leading digit gets the prefix `key_`, as in OTLP receivers.
 */
export function cleanLabelName(text: string): string {
  return text
    .replace(/[^a-zA-Z0-9_]/gu, "_")
    .replace(/^_+/, "")
    .replace(/^(?=\d|$)/, "key_");
}

/**
 * Returns the label name of a promoted attribute: cleaned, and `job`, `instance`, `le`, `quantile` with the prefix
 * `exported_`, as in Prometheus; the record's fields `errorType` and `eventName` become `error_type` and `event_name`.
 */
export function labelNameOf(attribute: string): string {
  if (attribute === ERROR_TYPE) return "error_type";
  if (attribute === EVENT_NAME) return "event_name";
  const name = cleanLabelName(attribute);
  return RESERVED.has(name) ? `exported_${name}` : name;
}

/** Reports names that cannot be labels, or would become one label, with each other or with a label of the families of `kind`. */
export function checkLabelNames(
  kind: "event" | "network",
  attributes: readonly string[],
  report: ReportOptionError,
): void {
  const seen = new Map<string, number>();
  for (const [index, attribute] of attributes.entries()) {
    const name = labelNameOf(attribute);
    const earlier = seen.get(name);
    if (TAKEN[kind].has(name)) report("becomes a label that the family has anyway", `[${index}]`);
    else if (FIELDS[kind].has(attribute)) report(`${attribute} ${NO_LABEL[kind]}`, `[${index}]`);
    else if (earlier !== undefined) report(`becomes the same label as [${earlier}]`, `[${index}]`);
    else seen.set(name, index);
  }
}
