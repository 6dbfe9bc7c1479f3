import type { Clock } from "@eventmeter/core";
import { waitWithin } from "@eventmeter/core/publisher";

const DEFAULT_TIMEOUT_MS = 1_000;

/** Records of one kind, in the order in which they came, each given out once. */
export interface RecordQueue<Dictionary> {
  readonly all: readonly Dictionary[];
  readonly add: (record: Dictionary) => void;
  /** Gives the oldest record not given yet, or waits for it. */
  next(timeoutMs?: number): Promise<Dictionary>;
  clear(): void;
}

/** Makes an empty queue. @param kind what its records are called when none comes */
export function createRecordQueue<Dictionary>(kind: string, clock: Clock): RecordQueue<Dictionary> {
  const all: Dictionary[] = [];
  const waiters: ((record: Dictionary) => void)[] = [];
  let given = 0;

  return {
    all,
    add(record) {
      all.push(record);
      const waiter = waiters.shift();
      if (waiter === undefined) return;
      given += 1;
      waiter(record);
    },
    async next(timeoutMs = DEFAULT_TIMEOUT_MS) {
      const ready = all[given];
      if (ready !== undefined) {
        given += 1;
        return ready;
      }
      const { promise, resolve } = Promise.withResolvers<Dictionary>();
      waiters.push(resolve);
      if ((await waitWithin(promise, { timeoutMs }, clock)) === "complete") return promise;
      const at = waiters.indexOf(resolve);
      // It may have come in the very turn in which the time was over.
      if (at === -1) return promise;
      waiters.splice(at, 1);
      throw new Error(
        `no ${kind} came within ${timeoutMs} ms; recorded so far: ${all.length}, all of them given out. ${HINT}`,
      );
    },
    clear() {
      all.length = 0;
      given = 0;
    },
  };
}

const HINT =
  "Was the record published to this publisher, by the method of its kind, and is it valid? health() tells how many were dropped, and why.";
