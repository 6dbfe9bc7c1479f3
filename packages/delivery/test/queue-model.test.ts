import { createSeededRandom } from "@eventmeter/testkit";
import { expect, test } from "vitest";
import type { KeptBatch } from "../src/queue/batch-store.ts";
import { BatchQueue, type SendingRules } from "../src/queue/batch-queue.ts";
import { LaneQueue, type QueuedBatch } from "../src/queue/lane-queue.ts";

const LANES = ["a", "b", "c", "d", "e", "f"];

/** What the queue is compared with: it looks at every batch each time. */
function lanesOf(queue: BatchQueue, parts: ReadonlySet<KeptBatch>): Map<string, LaneQueue> {
  const lanes = new Map<string, LaneQueue>();
  for (const queued of queue.all()) {
    const lane = lanes.get(queued.kept.lane) ?? new LaneQueue(queued.kept.lane);
    lanes.set(lane.name, lane);
    lane.add(queued, parts.has(queued.kept));
  }
  return lanes;
}

function expectedNext(
  queue: BatchQueue,
  parts: ReadonlySet<KeptBatch>,
  { now, admits, failures, probing }: SendingRules,
): QueuedBatch | undefined {
  const next = [...lanesOf(queue, parts).values()]
    .filter(({ name }) => admits(name))
    .map((lane) => lane.nextDue(now, probing || failures(lane.name) > 0))
    .filter((queued) => queued !== undefined);
  const rank = (queued: QueuedBatch): readonly number[] =>
    probing ? [failures(queued.kept.lane), queued.attempts, queued.order] : [queued.order];
  return next.toSorted((one, other) => {
    const others = rank(other);
    return rank(one).reduce((order, value, at) => order || value - (others[at] ?? 0), 0);
  })[0];
}

test.each(Array.from({ length: 60 }, (_, seed) => seed))(
  "sends, expires and drops what a look at every batch finds: seed %i",
  (seed) => {
    const random = createSeededRandom(seed);
    const queue = new BatchQueue();
    const parts = new Set<KeptBatch>();
    const flying: QueuedBatch[] = [];
    const admitted = new Map<string, boolean>();
    const failing = new Map<string, number>();
    let now = 1;
    const add = (history: Partial<QueuedBatch>, lane = random.pick(LANES)): void => {
      const kept = { lane, count: 1 + random.integer(9), bytes: 10, memory: 100 };
      if (history.order !== undefined) parts.add(kept);
      queue.add(kept, { receivedAt: now, generation: queue.generation, ...history });
    };
    const change = (): void => {
      const lane = random.pick(LANES);
      admitted.set(lane, random.once(2));
      failing.set(lane, random.integer(3));
      queue.onLaneChanged(lane);
    };
    const land = (): void => {
      const [queued] = flying.splice(random.integer(flying.length || 1), 1);
      if (queued === undefined) return;
      queued.attempts += 1;
      queued.wasSent = true;
      if (random.once(3)) return void queue.remove(queued);
      if (random.once(2)) return queue.delay(queued, random.pick([0, now + random.integer(50)]));
      const { order, receivedAt, attempts, wasSent } = queued;
      for (let part = 0; part < 2; part += 1)
        add(
          { order, receivedAt, attempts, wasSent, notBefore: random.pick([0, now + random.integer(50)]) },
          queued.kept.lane,
        );
      queue.remove(queued);
    };
    const steps = [() => add({}), () => add({}), land, land, change, () => void (now += random.integer(30))];
    for (let step = 0; step < 400; step += 1) {
      random.pick(steps)();
      const all = [...queue.all()];
      const waiting = all.filter(({ inFlight }) => !inFlight);
      const least = (values: readonly number[]): number => Math.min(...values, Infinity);
      expect(queue.firstWaiting()?.order ?? Infinity).toBe(least(waiting.map(({ order }) => order)));
      expect(queue.oldest ?? Infinity).toBe(least(all.map(({ receivedAt }) => receivedAt)));
      const sent = waiting.filter(({ wasSent }) => wasSent).map(({ receivedAt }) => receivedAt);
      expect(queue.firstExpired(now, 100)?.receivedAt ?? Infinity).toBe(least(sent.filter((at) => at + 100 <= now)));
      const delays = waiting.map(({ notBefore }) => notBefore).filter((at) => at > now);
      expect(queue.nextDue(now, 100)).toBe(least([...delays, ...sent.map((at) => at + 100)]));
      if (random.once(2)) continue;
      const rules = {
        now,
        admits: (lane: string) => admitted.get(lane) ?? true,
        failures: (lane: string) => failing.get(lane) ?? 0,
        probing: random.once(4),
      };
      const expected = expectedNext(queue, parts, rules);
      expect(queue.takeNext(rules)).toBe(expected);
      if (expected !== undefined) flying.push(expected);
    }
  },
);
