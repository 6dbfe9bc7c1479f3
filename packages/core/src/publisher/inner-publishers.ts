// Publishers inside a wrapper or composite, declared under a symbol that all copies of this package share.
import type { MetricsPublisher } from "./contract.ts";

const INNER_PUBLISHERS = Symbol.for("eventmeter.inner.v1");

/** A wrapper of another author may create the publishers inside it when asked: the search ends after this many. */
const MAX_PUBLISHERS = 1_000;

/**
 * Declares the publishers that a wrapper or composite passes its records to, so that `containsPublisher` finds them.
 * @param read returns them; called for each search, since a composite's children change
 */
export function declareInnerPublishers(publisher: MetricsPublisher, read: () => readonly MetricsPublisher[]): void {
  // Not enumerable: nothing that shows or compares a publisher shows it.
  Object.defineProperty(publisher, INNER_PUBLISHERS, { value: read });
}

/**
 * Returns whether a publisher is `searched`, or passes its records to it through wrappers and composites, to any depth.
 * Publishers that do not declare what is inside them are taken for having nothing inside. Never throws.
 */
export function containsPublisher(publisher: MetricsPublisher, searched: MetricsPublisher): boolean {
  // Publishers that are found are added at the end, and the loop visits them too.
  const found = new Set<unknown>([publisher]);
  for (const one of found) {
    if (one === searched) return true;
    for (const inner of innerPublishers(one)) if (found.size < MAX_PUBLISHERS) found.add(inner);
  }
  return false;
}

function innerPublishers(publisher: unknown): readonly unknown[] {
  try {
    const { [INNER_PUBLISHERS]: read } = publisher as { readonly [INNER_PUBLISHERS]?: () => unknown };
    const given = typeof read === "function" ? read.call(publisher) : [];
    return Array.isArray(given) ? given.slice(0, MAX_PUBLISHERS) : [];
  } catch {
    return [];
  }
}
