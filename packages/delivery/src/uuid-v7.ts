// UUID version 7: ids in the order of their time.
import { randomFillSync } from "node:crypto";

const POOL_BYTES = 4_096;
/** Random bytes of one id: 18 digits, and one byte for the variant. */
const BYTES = 10;
const MAX_TIME = 2 ** 48 - 1;
/** The digits whose first two bits are 10, as RFC 9562 lays out the variant. */
const VARIANTS = "89ab";
const pool = Buffer.alloc(POOL_BYTES);
// All digits at once, and the time once a millisecond: an id is stamped on every record.
let digits = "";
let used = POOL_BYTES;
let lastTime = -1;
let prefix = "";

/** Returns a time-ordered random id (UUID version 7, RFC 9562). @param now epoch milliseconds */
export function uuidV7(now: number): string {
  if (used + BYTES > POOL_BYTES) {
    digits = randomFillSync(pool).toString("hex");
    used = 0;
  }
  if (now !== lastTime) {
    lastTime = now;
    prefix = prefixOf(now);
  }
  const at = used * 2;
  const variant = VARIANTS[(pool[used + BYTES - 1] as number) & 3] as string;
  used += BYTES;
  return `${prefix}${digits.slice(at, at + 3)}-${variant}${digits.slice(at + 3, at + 6)}-${digits.slice(at + 6, at + 18)}`;
}

function prefixOf(now: number): string {
  const time = Math.floor(Math.min(Math.max(now, 0), MAX_TIME))
    .toString(16)
    .padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7`;
}
