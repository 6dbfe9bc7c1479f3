/**
 * Tells whether a value can stand on a page as it is: a lone surrogate has no UTF-8, and at a NUL Prometheus 3 gives up the
 * whole page of OpenMetrics.
 */
export function isPageable(value: string): boolean {
  return value.isWellFormed() && !value.includes("\0");
}

/** Gives a value with U+FFFD in place of what cannot stand on a page. */
export function toPageable(value: string): string {
  return value.toWellFormed().replaceAll("\0", "\uFFFD");
}
