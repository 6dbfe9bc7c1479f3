// The health of a publisher together with that of the publishers inside it.
import type { PublisherHealth } from "@eventmeter/core";

/** Returns a publisher's health and, for a wrapper or composite, that of every publisher inside. */
export function healthTree(health: PublisherHealth): readonly PublisherHealth[] {
  return [health, ...(health.children ?? []).flatMap(healthTree)];
}

/** Returns the health of the publishers that have none inside: they are the ones that read records. */
export function innermost(health: PublisherHealth): readonly PublisherHealth[] {
  return healthTree(health).filter(({ children }) => (children ?? []).length === 0);
}

/** Counts the records that are pending here or in a publisher inside. */
export function pendingInside(health: PublisherHealth): number {
  return healthTree(health).reduce((sum, { pending }) => sum + pending, 0);
}
