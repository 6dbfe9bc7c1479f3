// What the readers of healths and reports of other implementations share: totals, counts by reason, and lists of children.

/** Totals of a health and of a report. */
export const TOTALS = ["received", "recovered", "delivered", "dropped", "ignored", "pending"] as const;

/** A value can contain itself: reading ends at this depth, and after this many values in all. */
const MAX_DEPTH = 16;
const MAX_VALUES = 1_000;

/** How many further values may be read, and how deep inside the first one the reading is. */
export interface ReadBudget {
  left: number;
  depth: number;
}

/** Creates the budget of a value that is read with everything inside it. */
export function createReadBudget(): ReadBudget {
  return { left: MAX_VALUES - 1, depth: 0 };
}

/**
 * Reads a list of children, as far as the budget goes; each one that is undefined is left out.
 * @param read reads one child; it never throws
 */
export function readChildren<Child>(
  children: readonly unknown[],
  budget: ReadBudget,
  read: (child: unknown, budget: ReadBudget) => Child | undefined,
): Child[] {
  const copies: Child[] = [];
  if (budget.depth + 1 >= MAX_DEPTH) return copies;
  // Not all of a list that is hostile: it can have four billion holes.
  const some = children.slice(0, MAX_VALUES);
  budget.depth += 1;
  for (const child of some) {
    if (budget.left <= 0) break;
    budget.left -= 1;
    const copy = read(child, budget);
    if (copy !== undefined) copies.push(copy);
  }
  budget.depth -= 1;
  return copies;
}

/** Returns the counts by reason that are numbers from 0. */
export function countsOf<Reason extends string>(
  given: Partial<Record<Reason, number>> | undefined,
): Partial<Record<Reason, number>> {
  const counts = Object.entries({ ...given }).filter(([, count]) => Number.isFinite(count) && (count as number) >= 0);
  return Object.fromEntries(counts) as Partial<Record<Reason, number>>;
}

/** Returns a finite number as it is, and 0 for anything else. */
export function countOf(value: unknown): number {
  return Number.isFinite(value) ? (value as number) : 0;
}

/** Returns a finite number as it is, and null for anything else. */
export function numberOrNull(value: unknown): number | null {
  return Number.isFinite(value) ? (value as number) : null;
}
