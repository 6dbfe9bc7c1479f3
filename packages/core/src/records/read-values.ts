// Reads single fields of records: names, ids, texts, counts and ports.
import { cut } from "./cut-text.ts";

/** Longest event name or operation, in UTF-16 code units. */
const MAX_NAME_LENGTH = 512;

/** Longest id, status, host, error type or attribute value, in UTF-16 code units. */
export const MAX_TEXT_LENGTH = 1_024;

/** Returns a name that becomes a label, cut if it is too long; undefined if the record is invalid. */
export function readName(value: unknown): string | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  return value.length <= MAX_NAME_LENGTH ? value : cut(value, MAX_NAME_LENGTH);
}

/** Returns a task id as a string; undefined if the value is neither a string nor a finite number. */
export function readTaskId(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? (readText(value) ?? undefined) : undefined;
}

/** Returns optional text; null if it is missing or invalid. */
export function readText(value: unknown): string | null {
  if (typeof value === "string") return value.length <= MAX_TEXT_LENGTH ? value : cut(value, MAX_TEXT_LENGTH);
  return typeof value === "number" && Number.isFinite(value) ? String(value) : null;
}

// JSON has no -0: adding 0 makes it 0, so that a dictionary is equal after a round trip.

/** Returns a whole number of retries or bytes; 0 if the value is invalid. */
export function readCount(value: unknown): number {
  return typeof value === "number" && value >= 0 && value < Infinity ? Math.floor(value) + 0 : 0;
}

/** Returns an integer; null if the value is not one. */
export function readInteger(value: unknown): number | null {
  return Number.isSafeInteger(value) ? (value as number) + 0 : null;
}

/** Returns a port from 0 to 65,535, also from its digits; null if the value is invalid. */
export function readPort(value: unknown): number | null {
  const port = typeof value === "string" && /^\d{1,5}$/.test(value) ? Number(value) : value;
  return Number.isInteger(port) && (port as number) >= 0 && (port as number) <= 65_535 ? (port as number) + 0 : null;
}

/** Returns 1 if a value was given and had to be changed, otherwise 0. */
export function repairOf(given: unknown, read: unknown): 0 | 1 {
  return given === read || given === undefined || given === null ? 0 : 1;
}
