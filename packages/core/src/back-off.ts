const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;

/**
 * Gives how long to wait after so many failures in a row: a random time below a ceiling that doubles from 0.5 s to 30 s
 * (full jitter, so that many clients of one backend do not come back in step).
 */
export function fullJitter(failures: number): number {
  return Math.random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 16));
}
