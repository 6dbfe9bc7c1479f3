import { afterEach, expect, test, vi } from "vitest";
import type { Batch, Outcome, RecordOutcome, Send } from "../src/index.ts";
import { createSeededRandom, type SeededRandom } from "@eventmeter/testkit";
import { seedJitter } from "./seed-jitter.ts";
import { FULL, keyOf, openHarness, recordOf } from "./push-harness.ts";

afterEach(() => void vi.restoreAllMocks());

const REPLIES = FULL ? 20_000 : 10_000;
const REPLIES_PER_ROUND = 250;
const RECORDS_PER_ROUND = 4_000;

/** A bulk backend that stores by id, and its replies as they come over the wire: often broken. */
interface BulkBackend {
  readonly send: Send;
  readonly replies: number;
  /** Requests that should not have been made, in words. */
  readonly faults: readonly string[];
  /** What it has in its index. */
  readonly stored: ReadonlySet<number>;
  /** What a readable reply said it had, or had already. */
  readonly acknowledged: ReadonlySet<number>;
  heal(): void;
}

interface Item {
  readonly create: { readonly id: string; readonly status: unknown };
}

const isBad = (key: number): boolean => key % 61 === 0;

/** Reads a reply as a careful publisher does, position by position; what it cannot read is for delivery to find. */
function outcomeOf(text: string, keys: readonly number[]): Outcome {
  const { errors, items } = JSON.parse(text) as { errors: boolean; items: Item[] };
  if (!errors && items.length === keys.length) return { kind: "delivered" };
  return { kind: "partial", records: items.map(({ create }, index) => recordOutcome(create, keys[index])) };
}

function recordOutcome({ id, status }: Item["create"], key: number | undefined): RecordOutcome {
  if (key !== undefined && id !== String(key)) throw new Error("the reply is for another record");
  if (status === 409 || (typeof status === "number" && status >= 200 && status < 300)) return "delivered";
  if (status === 429 || status === 503) return "retry";
  // A status of another type has no outcome at all.
  return typeof status === "number" ? { rejected: `status ${status}` } : (undefined as unknown as RecordOutcome);
}

function createBulkBackend({ integer, once, pick }: SeededRandom, delivered: () => number): BulkBackend {
  const stored = new Set<number>();
  const acknowledged = new Set<number>();
  const refused = new Set<number>();
  const faults: string[] = [];
  let replies = 0;
  let sick = true;

  function store(key: number): number {
    if (isBad(key)) return 400;
    if (stored.has(key)) return 409;
    const status = sick ? pick([201, 201, 201, 200, 429, 503]) : 201;
    // An item that failed may be there all the same.
    if (status < 300 || (status === 503 && once(4))) stored.add(key);
    return status;
  }

  /** Breaks a reply; undefined where it stays whole. */
  function broken(items: readonly Item[]): string | undefined {
    const text = (changed: unknown): string => JSON.stringify({ errors: true, items: changed });
    const whole = text(items);
    const at = integer(items.length);
    const withStatus = (status: unknown): Item[] =>
      items.with(at, { create: { id: items[at]?.create.id ?? "", status } });
    return pick([
      () => "",
      () => "<html>502 Bad Gateway</html>",
      () => whole.slice(0, integer(whole.length)),
      () => text(items.slice(1)),
      () => text(items.slice(0, -1)),
      () => text([...items, items[at]]),
      () => text([]),
      () => text({}),
      () => text(items.with(at, null as unknown as Item)),
      () => text(items.with(at, {} as Item)),
      () => text(withStatus("201")),
      () => text(withStatus(null)),
      () => (items.length > 1 ? text([...items.slice(1), items[0]]) : ""),
      () => JSON.stringify({ errors: false, items: items.slice(1) }),
      () => JSON.stringify({ errors: false }),
      () => "null",
      () => "[".repeat(100_000),
    ])();
  }

  function reply(keys: readonly number[]): string {
    const items = keys.map((key) => ({ create: { id: String(key), status: store(key) } }));
    const errors = items.some(({ create }) => create.status >= 300);
    const damaged = sick && once(3) ? broken(items) : undefined;
    if (damaged !== undefined) return damaged;
    for (const { create } of items) {
      if (create.status < 300 || create.status === 409) acknowledged.add(Number(create.id));
      else if (create.status === 400) refused.add(Number(create.id));
    }
    return JSON.stringify({ errors, items });
  }

  async function send(batch: Batch): Promise<Outcome> {
    const keys = Array.from({ length: batch.count }, (_, index) => keyOf(recordOf(batch, index)));
    replies += 1;
    // Nothing that was settled comes again, and nothing was settled that no readable reply had named.
    const settled = keys.filter((key) => acknowledged.has(key) || refused.has(key));
    if (settled.length > 0) faults.push(`request ${replies} has settled records: ${settled.join(", ")}`);
    if (delivered() > acknowledged.size) faults.push(`${delivered()} delivered of ${acknowledged.size} at ${replies}`);
    await Promise.resolve();
    if (sick && once(12)) {
      for (const key of keys) store(key);
      // The reply is lost on its way: at once, or only the timeout tells.
      if (once(2)) throw new Error("ECONNRESET");
      return new Promise(() => undefined);
    }
    return outcomeOf(reply(keys), keys);
  }

  return {
    send,
    get replies() {
      return replies;
    },
    faults,
    stored,
    acknowledged,
    heal: () => void (sick = false),
  };
}

/** Plays bulk requests against one backend until it has given enough replies, then lets it recover. */
async function playRound(seed: number): Promise<number> {
  seedJitter(seed);
  const random = createSeededRandom(seed);
  const backend = createBulkBackend(random, () => harness.publisher.health().delivered);
  const harness = openHarness(
    undefined,
    {
      maxBatchRecords: random.pick([1, 7, 50, 200]),
      concurrency: random.pick([1, 2, 4, 8]),
      maxAgeMs: 2 ** 31 - 1,
      sendTimeoutMs: 1_000,
    },
    { send: backend.send },
  );
  const { publisher, clock, fill, dropped } = harness;
  for (let published = 0; backend.replies < REPLIES_PER_ROUND && published < RECORDS_PER_ROUND; published += 50) {
    fill(50);
    await clock.advance(random.integer(60_000));
  }
  for (let minute = 0; backend.replies < REPLIES_PER_ROUND && minute < 60; minute += 1) await clock.advance(60_000);
  backend.heal();
  await clock.advance(600_000);
  const { received, delivered, droppedBy, pending } = publisher.health();
  const bad = Array.from({ length: received }, (_, index) => index + 1).filter(isBad);
  const message = `seed ${seed}`;
  expect(backend.faults, message).toEqual([]);
  expect({ delivered, droppedBy, pending }, message).toEqual({
    delivered: received - bad.length,
    droppedBy: { rejected: bad.length },
    pending: 0,
  });
  expect(
    dropped.map(({ bytes }) => keyOf(bytes)).toSorted((a, b) => a - b),
    message,
  ).toEqual(bad);
  expect(backend.stored.size, message).toBe(received - bad.length);
  expect(backend.acknowledged, message).toEqual(backend.stored);
  await publisher.close({ timeoutMs: 0 });
  expect(clock.pendingTimers, message).toBe(0);
  return backend.replies;
}

test(
  `${REPLIES} bulk replies, whole and broken: every id arrives or is given up, once`,
  { timeout: 300_000 },
  async () => {
    let replies = 0;
    for (let seed = 1; replies < REPLIES; seed += 1) replies += await playRound(seed);
  },
);
