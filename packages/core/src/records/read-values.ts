import { cut } from "./text.ts";

/** Longest event name or operation, in UTF-16 code units. */
const MAX_NAME_LENGTH = 512;

/** Longest id, status, host, error type or attribute value, in UTF-16 code units. */
export const MAX_TEXT_LENGTH = 1_024;

/** Gives a name that becomes a label, cut if need be; undefined if the record cannot be used. */
export function readName(value: unknown): string | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  return value.length <= MAX_NAME_LENGTH ? value : cut(value, MAX_NAME_LENGTH);
}

/** Gives a task id as a string; undefined if the value is neither a string nor a finite number. */
export function readTaskId(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? (readText(value) ?? undefined) : undefined;
}

/** Gives optional text, or null where there is none that can be used. */
export function readText(value: unknown): string | null {
  if (typeof value === "string") return value.length <= MAX_TEXT_LENGTH ? value : cut(value, MAX_TEXT_LENGTH);
  return typeof value === "number" && Number.isFinite(value) ? String(value) : null;
}

/** Gives a whole number of retries or bytes; 0 where the value is none. */
export function readCount(value: unknown): number {
  return typeof value === "number" && value >= 0 && value < Infinity ? Math.floor(value) : 0;
}

/** Gives a whole number, or null where the value is none. */
export function readInteger(value: unknown): number | null {
  return Number.isSafeInteger(value) ? (value as number) : null;
}

/** Gives a port from 0 to 65,535, also from its digits; null where the value is none. */
export function readPort(value: unknown): number | null {
  const port = typeof value === "string" && /^\d{1,5}$/.test(value) ? Number(value) : value;
  return Number.isInteger(port) && (port as number) >= 0 && (port as number) <= 65_535 ? (port as number) : null;
}

/** Counts a repair: 1 where a value was given and something else was made of it. */
export function repairOf(given: unknown, read: unknown): 0 | 1 {
  return given === read || given === undefined || given === null ? 0 : 1;
}
