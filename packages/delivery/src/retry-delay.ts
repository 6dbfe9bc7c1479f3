import { MAX_RETRY_AFTER_MS } from "./retry-after.ts";

const FIRST_CEILING_MS = 500;
const LAST_CEILING_MS = 30_000;
const FLOOR_MS = 100;

/**
 * Gives the wait after so many failures in a row: a random time below a ceiling that doubles from 0.5 s to 30 s (full jitter,
 * so that many clients of one backend do not come back in step), and never under 0.1 s. What the backend asked for is
 * waited first, and the ceiling is at least half of it, for the same reason: clients that were all told the same time must
 * not come back in it together. All of it is 10 minutes at most, so that what asks for as much gets no random time.
 * @param share where below the ceiling, from 0 to 1; random where nothing has drawn it yet
 */
export function retryDelay(failures: number, retryAfterMs = 0, share: number = Math.random()): number {
  const doubled = FIRST_CEILING_MS * 2 ** Math.min(failures - 1, 16);
  const ceiling = Math.min(LAST_CEILING_MS, Math.max(doubled, retryAfterMs / 2));
  return Math.min(retryAfterMs + Math.max(FLOOR_MS, share * ceiling), MAX_RETRY_AFTER_MS);
}
