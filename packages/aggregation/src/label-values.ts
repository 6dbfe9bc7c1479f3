// Values of labels: which of them a metrics page and a receiver of series can hold.
import { cutBytes } from "@eventmeter/core/publisher";

/**
 * Longest label value in bytes of UTF-8: Mimir and Grafana Cloud reject a series with a longer one
 * (https://grafana.com/docs/mimir/latest/configure/configuration-parameters/, `max_label_value_length`).
 */
const MAX_VALUE_BYTES = 2_048;

/** Returns whether a value can be that of a label unchanged. */
export function isLabelValue(value: string): boolean {
  return isPageable(value) && (value.length * 3 <= MAX_VALUE_BYTES || toLabelValue(value) === value);
}

/** Returns a value with U+FFFD in place of what a metrics page cannot hold, cut to 2,048 bytes of UTF-8 between two characters. */
export function toLabelValue(value: string): string {
  return cutBytes(toPageable(value), MAX_VALUE_BYTES);
}

/** Returns a value with U+FFFD in place of what a metrics page cannot hold. */
export function toPageable(value: string): string {
  return value.toWellFormed().replaceAll("\0", "\uFFFD");
}

/** Returns about how much memory a text takes, in bytes: two for each character as soon as one is beyond Latin-1. */
export function textBytes(text: string): number {
  // oxlint-disable-next-line no-control-regex -- all of Latin-1
  return 20 + (/^[\0-\xff]*$/.test(text) ? text.length : text.length * 2);
}

/** A lone surrogate has no UTF-8, and Prometheus 3 rejects a whole OpenMetrics page for a NUL. */
function isPageable(value: string): boolean {
  return value.isWellFormed() && !value.includes("\0");
}
