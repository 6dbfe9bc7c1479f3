// Names of labels: those of promoted attributes are cleaned, and none of them may collide.
import type { ReportOptionError } from "@eventmeter/core/publisher";
import { EVENT_DURATION, EVENT_RETRIES, NETWORK_BYTES, NETWORK_LATENCY } from "./catalogue.ts";

/** The record's own field that can be promoted besides attributes. */
export const ERROR_TYPE = "errorType";

/** Names that a scraper or a histogram uses. */
const RESERVED: ReadonlySet<string> = new Set(["job", "instance", "le", "quantile"]);

const TAKEN = {
  event: new Set([...EVENT_DURATION.labelNames, ...EVENT_RETRIES.labelNames]),
  network: new Set([...NETWORK_BYTES.labelNames, ...NETWORK_LATENCY.labelNames]),
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
 * `exported_`, as in Prometheus; `errorType`, the record's field, becomes `error_type`.
 */
export function labelNameOf(attribute: string): string {
  if (attribute === ERROR_TYPE) return "error_type";
  const name = cleanLabelName(attribute);
  return RESERVED.has(name) ? `exported_${name}` : name;
}

/** Reports names that would become one label, with each other or with a label of the families of `kind`. */
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
    else if (earlier !== undefined) report(`becomes the same label as [${earlier}]`, `[${index}]`);
    else seen.set(name, index);
  }
}
