// Values of labels: which of them a metrics page can hold.

/**
 * Returns whether a metrics page can hold a value unchanged: a lone surrogate has no UTF-8, and Prometheus 3 rejects a whole
 * OpenMetrics page for a NUL.
 */
export function isPageable(value: string): boolean {
  return value.isWellFormed() && !value.includes("\0");
}

/** Returns a value with U+FFFD in place of what a metrics page cannot hold. */
export function toPageable(value: string): string {
  return value.toWellFormed().replaceAll("\0", "\uFFFD");
}
