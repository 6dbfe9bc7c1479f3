import { createVirtualClock } from "@eventmeter/testkit";
import { afterEach, expect, test, vi } from "vitest";
import { createPushPublisher, type Outcome } from "../src/index.ts";
import { seedJitter } from "./seed-jitter.ts";
import { FULL } from "./push-harness.ts";

afterEach(() => void vi.restoreAllMocks());

const CLIENTS = 200;
const OUTAGES = FULL ? 20 : 4;

/** What one outage looks like from the backend. */
interface Outage {
  readonly durationMs: number;
  /** What it asks for while it is away. */
  readonly retryAfterMs?: number | undefined;
}

/** Plays an outage for 200 programs that publish in step, and gives the times of all requests since it began. */
async function play({ durationMs, retryAfterMs }: Outage, seed: number): Promise<{ down: number[]; back: number[] }> {
  seedJitter(seed);
  const clock = createVirtualClock();
  const down: number[] = [];
  const back: number[] = [];
  const send = (): Outcome => {
    const at = clock.monotonic();
    (at < durationMs ? down : back).push(at);
    return at < durationMs ? { kind: "retry", retryAfterMs } : { kind: "delivered" };
  };
  const publishers = Array.from({ length: CLIENTS }, () =>
    createPushPublisher({ name: "client", encode: () => ({ data: "x" }), send }, { clock, onError: () => undefined }),
  );
  for (const publisher of publishers)
    publisher.publishEventMetrics({ eventName: "job", taskId: 1, startTime: clock.now() });
  await clock.advance(durationMs + 700_000);
  expect(publishers.every((publisher) => publisher.health().delivered === 1)).toBe(true);
  await Promise.all(publishers.map((publisher) => publisher.close({ timeoutMs: 0 })));
  expect(clock.pendingTimers).toBe(0);
  return { down, back };
}

/** Requests in the busiest second from `from` on. */
function peakOf(times: readonly number[], from: number): number {
  const seconds = new Map<number, number>();
  for (const time of times) {
    const second = Math.floor((time - from) / 1_000);
    seconds.set(second, (seconds.get(second) ?? 0) + 1);
  }
  return Math.max(...seconds.values());
}

/** Plays several outages: a single one is too small a sample to compare seconds in. */
async function playAll(outage: Outage): Promise<{ down: number[]; back: number[] }> {
  const all = { down: [] as number[], back: [] as number[] };
  for (let seed = 1; seed <= OUTAGES; seed += 1) {
    const { down, back } = await play(outage, seed);
    all.down.push(...down);
    all.back.push(...back);
  }
  return all;
}

test.each<Outage>([
  { durationMs: 300_000 },
  { durationMs: 120_000 },
  // All of them were told the same moment, several times or once.
  { durationMs: 300_000, retryAfterMs: 60_000 },
  { durationMs: 300_000, retryAfterMs: 299_900 },
])("200 clients come back spread over 30 s after %j", async (outage) => {
  const { back } = await playAll(outage);
  expect(back).toHaveLength(CLIENTS * OUTAGES);
  expect(peakOf(back, outage.durationMs)).toBeLessThanOrEqual((3 * back.length) / 30);
});

test("200 clients that began in step do not stay in it during an outage", async () => {
  const { down } = await playAll({ durationMs: 300_000 });
  // After a minute the ceiling stands at 30 s: each comes every 15 s on average.
  const late = down.filter((time) => time >= 60_000);
  const mean = late.length / 240;
  expect(mean).toBeLessThan((CLIENTS * OUTAGES) / 14);
  expect(peakOf(late, 60_000)).toBeLessThanOrEqual(3 * mean);
});
