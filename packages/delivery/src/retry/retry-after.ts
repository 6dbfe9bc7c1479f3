// Retry-After: how long a backend asks to wait.
import { MAX_RETRY_AFTER_MS } from "@eventmeter/core/publisher";

const SECONDS = /^\d+(\.\d+)?(\s*,\s*\d+(\.\d+)?)*$/;
const HTTP_DATE = /^[a-z]{3,9},? .*\d\d:\d\d:\d\d/i;

/**
 * Reads a Retry-After header: seconds (also with a fraction) or an HTTP date (RFC 9110, section 10.2.3). Of several
 * headers with seconds, joined by commas, the longest time counts.
 * @param now epoch milliseconds
 * @returns milliseconds from 0 to 10 minutes, or undefined if the header has neither
 */
export function retryAfterMs(header: string | null | undefined, now: number): number | undefined {
  const text = header?.trim() ?? "";
  const wait = SECONDS.test(text) ? Math.max(...text.split(",").map(Number)) * 1_000 : dateOf(text) - now;
  return Number.isNaN(wait) ? undefined : clampRetryAfter(wait);
}

function dateOf(text: string): number {
  if (!HTTP_DATE.test(text)) return Number.NaN;
  // The oldest of the three forms has no zone; all of them mean UTC.
  return Date.parse(/ GMT$/i.test(text) ? text : `${text} GMT`);
}

/** Clamps a wait that a backend asked for to 0 … 10 minutes; anything but a number is 0. */
export function clampRetryAfter(ms: number | undefined): number {
  return ms === undefined || !(ms > 0) ? 0 : Math.min(ms, MAX_RETRY_AFTER_MS);
}
