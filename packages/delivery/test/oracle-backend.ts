import type { SeededRandom, VirtualClock } from "@eventmeter/testkit";
import type { Batch, Outcome, RecordOutcome, Send, SendContext } from "../src/index.ts";
import type { Registry } from "./oracle-registry.ts";

/** What the backend says of a record. */
export type Word = "again" | "delivered" | "never";

/** A backend that answers at random, and notes what the publisher has heard of it. */
export interface Backend {
  readonly send: Send;
  /** Timers of its own on the virtual clock. */
  readonly timers: number;
  /** How often it has asked for smaller requests. */
  readonly splits: number;
  /** From now on it takes everything but what it never takes. */
  heal(): void;
}

interface Reply {
  readonly outcome: unknown;
  readonly wordOf: (index: number) => Word;
}

const AGAIN = (): Word => "again";
const NEVER = (): Word => "never";

const THROWING = new Proxy(
  {},
  {
    get() {
      throw new Error("read");
    },
  },
);

/** Makes a sick backend. @param registry knows what was issued, and hears every word that counts */
export function createBackend(random: SeededRandom, clock: VirtualClock, registry: Registry): Backend {
  // What is hidden from the publisher: the largest request, and how many records are poison.
  const sizeLimit = random.pick([700, 2_500, Infinity, Infinity]);
  const poisonEvery = random.pick([7, 60, Infinity]);
  let sick = true;
  let timers = 0;
  let splits = 0;

  const isPoison = (key: number): boolean => key % poisonEvery === poisonEvery - 1;

  function replyTo(batch: Batch, keys: readonly number[]): Reply {
    const { count, bytes } = batch;
    if (bytes > sizeLimit) return split("too-large", count);
    if (keys.some(isPoison)) return split("rejected", count);
    const retryAfterMs = random.pick([undefined, undefined, 0, 1_000, 30_000, 1e10, Number.NaN, -5, "7"]);
    switch (sick ? random.integer(14) : -1) {
      case 0:
        return { outcome: { kind: "retry", retryAfterMs }, wordOf: AGAIN };
      case 1:
        return { outcome: { kind: "hold", reason: "key" }, wordOf: AGAIN };
      case 2:
        return split("busy", count);
      case 3:
        return random.once(4)
          ? { outcome: { kind: "rejected", reason: "no" }, wordOf: NEVER }
          : split("rejected", count);
      case 4:
      case 5:
        return { outcome: malformed(count), wordOf: AGAIN };
      case 6:
      case 7:
      case 8:
        return partial(count, retryAfterMs);
      default:
        return { outcome: { kind: "delivered" }, wordOf: () => "delivered" };
    }
  }

  function split(because: "too-large" | "rejected" | "busy", count: number): Reply {
    splits += 1;
    return { outcome: { kind: "split", because }, wordOf: count === 1 && because !== "busy" ? NEVER : AGAIN };
  }

  function partial(count: number, retryAfterMs: unknown): Reply {
    const bias = random.pick<readonly Word[]>([
      ["delivered", "again", "never"],
      ["delivered", "delivered", "again"],
      ["again"],
      ["delivered"],
    ]);
    const words = Array.from({ length: count }, () => random.pick(bias));
    const outcomes: Record<Word, RecordOutcome> = {
      delivered: "delivered",
      again: "retry",
      never: { rejected: "bad" },
    };
    const records = words.map((word) => outcomes[word]);
    const hold = random.once(6) ? "the index is closed" : undefined;
    const alone = random.once(4);
    return {
      outcome: { kind: "partial", records, retryAfterMs, alone, hold },
      wordOf: (index) => words[index] ?? "again",
    };
  }

  function malformed(count: number): unknown {
    const all = (item: unknown, length = count): unknown[] => Array.from({ length }, () => item);
    return random.pick<unknown>([
      undefined,
      null,
      "delivered",
      7,
      [],
      {},
      { kind: "Delivered" },
      { kind: ["delivered"] },
      { kind: "split", because: "?" },
      { kind: "split" },
      { kind: "partial" },
      { kind: "partial", records: "delivered" },
      { kind: "partial", records: all("delivered", count + 1) },
      { kind: "partial", records: all("delivered", count - 1) },
      { kind: "partial", records: Array(count) },
      { kind: "partial", records: [...all("delivered", count - 1), {}] },
      { kind: "partial", records: [...all("delivered", count - 1), { rejected: 5 }] },
      { kind: "partial", records: all(undefined) },
      { kind: "partial", records: { length: count } },
      { kind: "partial", records: [...all("delivered", count - 1), THROWING] },
      THROWING,
    ]);
  }

  /** Says it, if anybody still listens. */
  function say({ outcome, wordOf }: Reply, keys: readonly number[], context: SendContext): unknown {
    registry.end(context);
    if (!context.signal.aborted) keys.forEach((key, index) => registry.hear(key, wordOf(index)));
    return outcome;
  }

  function fail(context: SendContext): never {
    registry.end(context);
    throw new Error("send");
  }

  function later(ms: number): Promise<void> {
    timers += 1;
    return new Promise((resolve) => {
      clock.setTimeout(() => {
        timers -= 1;
        resolve();
      }, ms);
    });
  }

  function answer(batch: Batch, context: SendContext): unknown {
    const keys = registry.depart(batch, context);
    if (!sick) return say(replyTo(batch, keys), keys, context);
    const { signal } = context;
    switch (random.integer(16)) {
      case 0:
        // Stored perhaps: nobody knows.
        return fail(context);
      case 1:
        return Promise.resolve().then(() => fail(context));
      case 2:
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
      case 3:
        return new Promise(() => undefined);
      case 4:
        return later(random.integer(20_000)).then(() => fail(context));
      case 5:
      case 6:
      case 7:
      case 8: {
        // Drawn now, said then: a schedule must not depend on who is served first.
        const reply = replyTo(batch, keys);
        const { promise, resolve } = Promise.withResolvers<unknown>();
        void later(random.integer(random.pick([5, 500, 12_000]))).then(() => resolve(say(reply, keys, context)));
        return promise;
      }
      case 9: {
        const reply = replyTo(batch, keys);
        return Promise.resolve().then(() => say(reply, keys, context));
      }
      default:
        return say(replyTo(batch, keys), keys, context);
    }
  }

  return {
    send: (batch, context) => answer(batch, context) as Outcome,
    get timers() {
      return timers;
    },
    get splits() {
      return splits;
    },
    heal: () => void (sick = false),
  };
}
