import type { Clock, CommonOptions, MetricsPublisher } from "@eventmeter/core";
import { createReporter, isThenable, type Reporter } from "@eventmeter/core/publisher";
import type { CompositeChild } from "./options.ts";

/** How many promises of one child may be unsettled before it is skipped. */
export const MAX_UNSETTLED = 1_000;

/** A predicate of either kind, as the loop sees it. */
export type Wanted = boolean | ((record: object) => unknown);

/** One publisher inside a composite: what it gets, what it still owes, and what went wrong with it. */
export interface Child {
  readonly name: string;
  readonly publisher: MetricsPublisher;
  /** Which records it gets; false once it has left. */
  events: Wanted;
  network: Wanted;
  readonly owned: boolean;
  /** Reports in the name of the child to whoever listens to the composite. */
  readonly reporter: Reporter;
  readonly clock: Clock;
  /** Promises that its publish* returned and that are not settled; none of them rejects. */
  readonly unsettled: Set<Promise<void>>;
  /** Records that it was not offered because of too many unsettled promises. */
  skipped: number;
  /** Its start under way or done; undefined again after one that failed. */
  starting: Promise<void> | undefined;
}

/** Takes a publisher in. */
export function createChild(entry: CompositeChild, clock: Clock, options: CommonOptions): Child {
  const { publisher, events = true, network = true, owned = true } = entry;
  const { name } = publisher;
  return {
    name,
    publisher,
    events: events as Wanted,
    network: network as Wanted,
    owned,
    reporter: createReporter(name, options),
    clock,
    unsettled: new Set(),
    skipped: 0,
    starting: undefined,
  };
}

/** Asks a predicate; one that throws lets the record pass: a broken filter loses nothing. */
export function passes(child: Child, predicate: (record: object) => unknown, record: object): boolean {
  try {
    const answer = predicate(record);
    return typeof answer === "boolean" ? answer : readAnswer(child, answer);
  } catch (cause) {
    predicateFailed(child, cause);
    return true;
  }
}

// Apart from the hot path, because the closure in it costs an allocation for every call.
function readAnswer(child: Child, answer: unknown): boolean {
  if (isThenable(answer)) answer.then(undefined, (cause) => predicateFailed(child, cause));
  return Boolean(answer);
}

function predicateFailed(child: Child, cause: unknown): void {
  child.reporter.drop("callback-failed", "its predicate failed; the record was passed on", { count: 0, cause });
}

/** Looks after what publish* returned: nothing, or the promise of a publisher written with `async` functions. */
export function hold(child: Child, returned: unknown): void {
  if (!isThenable(returned)) return;
  const settled: Promise<void> = Promise.resolve(returned).then(
    () => void child.unsettled.delete(settled),
    (cause) => {
      child.unsettled.delete(settled);
      publishFailed(child, cause);
    },
  );
  child.unsettled.add(settled);
}

/** Reports that a record was lost in a child. */
export function publishFailed(child: Child, cause: unknown): void {
  child.reporter.drop("publisher-failed", "record dropped: it threw or rejected when a composite offered it", {
    cause,
  });
}

/** Counts and reports a record that a child was not offered. */
export function skip(child: Child): void {
  child.skipped += 1;
  child.reporter.drop("record-dropped", `record dropped: ${MAX_UNSETTLED} promises of it are not settled`);
}
