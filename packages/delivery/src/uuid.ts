import { randomFillSync } from "node:crypto";

const POOL_BYTES = 4_096;
const MAX_TIME = 2 ** 48 - 1;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/** Gives a time-ordered random id (UUID version 7, RFC 9562). @param now epoch milliseconds */
export function uuidV7(now: number): string {
  if (used + 10 > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const time = Math.floor(Math.min(Math.max(now, 0), MAX_TIME))
    .toString(16)
    .padStart(12, "0");
  const random = pool.toString("hex", used, used + 10);
  // Two bits of the variant, as RFC 9562 lays them out; 10 in binary makes the digit 8, 9, a or b.
  const variant = (8 + ((pool[used + 9] ?? 0) & 3)).toString(16);
  used += 10;
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(3, 6)}-${random.slice(6, 18)}`;
}
