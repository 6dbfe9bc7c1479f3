// Back-off between attempts: full jitter below a ceiling that doubles.

/** Longest wait that a backend may ask for, in milliseconds. */
export const MAX_RETRY_AFTER_MS = 600_000;

const FIRST_CEILING_MS = 500;
const LAST_CEILING_MS = 30_000;
const FLOOR_MS = 100;

/**
 * Returns how long to wait after `failures` failures in a row, in milliseconds: a random time below a ceiling that doubles
 * from 0.5 s to 30 s (full jitter, so that many clients of one backend do not return in step), and at least 0.1 s.
 *
 * The wait that the backend asked for comes first, and the ceiling is then at least half of it: clients that were all told
 * the same time must not return in step either. The sum is at most 10 minutes, so a backend that asks for 10 minutes gets
 * no jitter.
 * @param jitter where below the ceiling, from 0 to 1; callers that need one draw for several waits pass it
 */
export function backOffMs(failures: number, retryAfterMs = 0, jitter: number = Math.random()): number {
  const doubled = FIRST_CEILING_MS * 2 ** Math.min(failures - 1, 16);
  const ceiling = Math.min(LAST_CEILING_MS, Math.max(doubled, retryAfterMs / 2));
  return Math.min(retryAfterMs + Math.max(FLOOR_MS, jitter * ceiling), MAX_RETRY_AFTER_MS);
}
