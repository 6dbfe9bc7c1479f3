// Records of one kind, each returned once and in order.
import type { Clock } from "@eventmeter/core";
import { ownTexts, waitWithin } from "@eventmeter/core/publisher";

const DEFAULT_TIMEOUT_MS = 1_000;
const HINT =
  "Was the record published to this publisher, by the method of its kind, and is it valid? health() tells how many were dropped, and why.";

/** Queue of the records of one kind, oldest first. */
export class RecordQueue<Dictionary extends object> {
  readonly all: Dictionary[] = [];
  readonly #kind: string;
  readonly #clock: Clock;
  readonly #waiters: ((record: Dictionary) => void)[] = [];
  /** How many of the records were returned by `next`. */
  #returned = 0;

  /** @param kind what a record is called in the error when none comes */
  constructor(kind: string, clock: Clock) {
    this.#kind = kind;
    this.#clock = clock;
  }

  add(record: Dictionary): void {
    ownTexts(record);
    this.all.push(record);
    const waiter = this.#waiters.shift();
    if (waiter === undefined) return;
    this.#returned += 1;
    waiter(record);
  }

  /** Returns the oldest record that was not returned yet, or waits for it. */
  async next(timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<Dictionary> {
    const ready = this.all[this.#returned];
    if (ready !== undefined) {
      this.#returned += 1;
      return ready;
    }
    const { promise, resolve } = Promise.withResolvers<Dictionary>();
    this.#waiters.push(resolve);
    if ((await waitWithin(promise, { timeoutMs }, this.#clock)) === "complete") return promise;
    const at = this.#waiters.indexOf(resolve);
    // The record can come in the very turn in which the time is over.
    if (at === -1) return promise;
    this.#waiters.splice(at, 1);
    throw new Error(
      `no ${this.#kind} came within ${timeoutMs} ms; recorded so far: ${this.all.length}, all of them given out. ${HINT}`,
    );
  }

  clear(): void {
    this.all.length = 0;
    this.#returned = 0;
  }
}
