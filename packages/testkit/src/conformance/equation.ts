// The equation of the numbers: received + recovered = delivered + dropped + ignored + pending.
import { type Counts, DROP_REASONS, IGNORE_REASONS, type PublisherHealth } from "@eventmeter/core";

const COUNTS = [
  "received",
  "recovered",
  "delivered",
  "dropped",
  "ignored",
  "pending",
] as const satisfies readonly (keyof Counts)[];
const TOTALS = [
  "received",
  "recovered",
  "delivered",
  "dropped",
  "ignored",
] as const satisfies readonly (keyof Counts)[];

const REASONS: ReadonlySet<string> = new Set([...DROP_REASONS, ...IGNORE_REASONS]);

const sumOf = (parts: Readonly<Partial<Record<string, number>>>): number =>
  Object.values(parts).reduce<number>((sum, part) => sum + (part ?? 0), 0);

/** Returns which numbers of a health do not add up, here or in a publisher inside; undefined if all do. */
export function numberFault(health: PublisherHealth): string | undefined {
  const { name, received, recovered, delivered, dropped, ignored, pending, droppedBy, ignoredBy } = health;
  for (const count of COUNTS) {
    if (!Number.isSafeInteger(health[count]) || health[count] < 0) return `"${count}" of ${name} is ${health[count]}`;
  }
  if (received + recovered !== delivered + dropped + ignored + pending) {
    return `${name} has received ${received} + recovered ${recovered}, but delivered ${delivered} + dropped ${dropped} + ignored ${ignored} + pending ${pending}`;
  }
  if (sumOf(droppedBy) !== dropped) return `${name} has dropped ${dropped}, but its reasons make ${sumOf(droppedBy)}`;
  if (sumOf(ignoredBy) !== ignored) return `${name} has ignored ${ignored}, but its reasons make ${sumOf(ignoredBy)}`;
  const unknown = [...Object.keys(droppedBy), ...Object.keys(ignoredBy)].find((reason) => !REASONS.has(reason));
  if (unknown !== undefined) return `${name} has a reason that is not in the table: "${unknown}"`;
  return health.children?.map(numberFault).find((fault) => fault !== undefined);
}

/** Returns which total went down between two healths; undefined if none did. */
export function declineFault(before: Counts, after: Counts): string | undefined {
  const count = TOTALS.find((total) => after[total] < before[total]);
  return count === undefined ? undefined : `"${count}" went down from ${before[count]} to ${after[count]}`;
}
