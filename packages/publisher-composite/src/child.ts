// One publisher inside a composite: what it gets, which of its promises are open, and what went wrong with it.
import type { Clock, CommonOptions, MetricsPublisher, WaitOptions } from "@eventmeter/core";
import {
  createReporter,
  describeFailure,
  isThenable,
  onRejection,
  promiseOf,
  type Reporter,
} from "@eventmeter/core/publisher";
import type { CompositeChild } from "./options.ts";

/** How many promises of one child may be unsettled before it is skipped. */
const MAX_UNSETTLED = 1_000;

/** Kind of a record. */
export type RecordKind = "event" | "network";

/** Which records of one kind a child gets. */
export type RecordFilter = boolean | ((record: object) => unknown);

/** One publisher inside a composite. */
export class Child {
  readonly name: string;
  readonly publisher: MetricsPublisher;
  readonly owned: boolean;
  readonly clock: Clock;
  /** Reports in the name of the child to the handlers of the composite. */
  readonly reporter: Reporter;
  /** Which events it gets; false after it has left. */
  events: RecordFilter;
  /** Which network operations it gets; false after it has left. */
  network: RecordFilter;
  /** How many records it was not offered because of too many unsettled promises. */
  skipped = 0;
  /** How many records it was offered. */
  offered = 0;
  /** Promises that its publish* methods returned and that are not settled; none of them rejects. */
  readonly #unsettled = new Set<Promise<void>>();
  /** How many of the records offered were lost, because a publish* method threw or its promise rejected. */
  #lost = 0;
  /** How many of the lost records it has not counted itself. */
  #uncounted = 0;
  /** Which predicates were reported for returning a promise. */
  readonly #promisesReported = { events: false, network: false };
  /** Its start under way or done; undefined again after one that failed. */
  #starting: Promise<void> | undefined;

  constructor(entry: CompositeChild, clock: Clock, options: CommonOptions) {
    const { publisher, events = true, network = true, owned = true } = entry;
    this.name = publisher.name;
    this.publisher = publisher;
    this.owned = owned;
    this.clock = clock;
    this.reporter = createReporter(publisher.name, options);
    this.events = events as RecordFilter;
    this.network = network as RecordFilter;
  }

  /** Whether it has so many unsettled promises that it is skipped. */
  get isFull(): boolean {
    return this.#unsettled.size >= MAX_UNSETTLED;
  }

  /** Returns whether a predicate lets a record pass. One that throws or returns a promise does: a broken filter loses nothing. */
  passes(predicate: (record: object) => unknown, record: object): boolean {
    try {
      const result = predicate(record);
      return typeof result === "boolean" ? result : this.#readResult(result, predicate);
    } catch (cause) {
      this.#reportPredicate(cause);
      return true;
    }
  }

  // Apart from the hot path, because the closure in it costs an allocation for every call.
  #readResult(result: unknown, predicate: (record: object) => unknown): boolean {
    if (!isThenable(result)) return Boolean(result);
    onRejection(result);
    const option = predicate === this.events ? "events" : "network";
    if (this.#promisesReported[option]) return true;
    this.#promisesReported[option] = true;
    this.reporter.error(
      "callback-failed",
      `its predicate "${option}" returned a promise, so every record is passed on; return true or false instead`,
    );
    return true;
  }

  #reportPredicate(cause: unknown): void {
    this.reporter.drop("callback-failed", `its predicate failed${describeFailure(cause)}; the record was passed on`, {
      count: 0,
      cause,
    });
  }

  /** Keeps what a publish* method returned until it settles, if it is the promise of an `async` function. */
  track(returned: unknown): void {
    if (!isThenable(returned)) return;
    const settled: Promise<void> = promiseOf(returned).then(
      () => void this.#unsettled.delete(settled),
      (cause) => {
        this.#unsettled.delete(settled);
        this.reportLoss(cause);
      },
    );
    this.#unsettled.add(settled);
  }

  /** Resolves when all promises are settled that its publish* methods have returned so far. */
  async settled(): Promise<void> {
    await Promise.all(this.#unsettled);
  }

  /**
   * Returns how many of the lost records it has not counted itself: at most as many as it has received too few, and never less
   * than before, since totals do not fall. Records that it gets from others as well can hide some.
   * @param received how many records it says it has received
   */
  uncounted(received: number): number {
    const missing = this.offered - received;
    this.#uncounted = Math.max(this.#uncounted, Math.min(this.#lost, missing));
    return this.#uncounted;
  }

  /** Counts and reports a record that was lost in the child. */
  reportLoss(cause: unknown): void {
    this.#lost += 1;
    this.reporter.drop(
      "publisher-failed",
      `record dropped: it threw or rejected when a composite offered it${describeFailure(cause)}`,
      {
        cause,
      },
    );
  }

  /** Counts and reports a record that the child was not offered because it is full. */
  skip(): void {
    this.skipped += 1;
    this.reporter.drop("record-dropped", `record dropped: ${MAX_UNSETTLED} promises of it are not settled`);
  }

  /** Ends the offers, also those of a record that is being offered. */
  leave(): void {
    this.events = false;
    this.network = false;
  }

  /** Starts the publisher; idempotent, except that a start that failed is tried again. */
  start(options: WaitOptions | undefined): Promise<void> {
    return (this.#starting ??= this.#start(options));
  }

  async #start(options: WaitOptions | undefined): Promise<void> {
    try {
      await this.publisher.start?.(options);
    } catch (cause) {
      this.#starting = undefined;
      throw cause;
    }
  }
}
