import { setImmediate } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { takeWarnings } from "../../../test/warnings.ts";
import { createSeededRandom, type SeededRandom } from "@eventmeter/testkit";
import { seedJitter } from "./seed-jitter.ts";
import { createOracle, type Oracle } from "./oracle.ts";
import { FULL } from "./push-harness.ts";

// EVENTMETER_SEED=<seed> plays the one schedule of that seed.
const SEED = process.env["EVENTMETER_SEED"];
const SCHEDULES = SEED === undefined ? (FULL ? 5_000 : 1_000) : 1;

afterEach(() => void vi.restoreAllMocks());

/** Plays one random schedule; rejects at the first step after which something does not add up. */
async function playSchedule(seed: number): Promise<void> {
  const random = createSeededRandom(seed);
  seedJitter(seed);
  const oracle = createOracle(random);
  const { clock, publisher, publish, flush, judge } = oracle;
  const flushes: Promise<unknown>[] = [];
  const steps: Readonly<Record<string, () => unknown>> = {
    "a record": publish,
    "some records": () => void Array.from({ length: random.integer(60) }, publish),
    "a turn": () => clock.advance(0),
    "an instant": () => clock.advance(random.integer(20) / 7),
    "some time": () => clock.advance(random.integer(3_000)),
    "a long time": () => clock.advance(random.integer(90_000)),
    "a flush": () => void flushes.push(flush(random.pick([0, 300, 5_000, 60_000]))),
    "an aborted flush": () => {
      const controller = new AbortController();
      flushes.push(flush(60_000, controller.signal));
      clock.setTimeout(() => controller.abort(), random.integer(2_000));
    },
    "a start": () => void publisher.start?.({ timeoutMs: random.integer(2_000) }).catch(() => undefined),
  };
  const names = Object.keys(steps);
  for (let count = 10 + random.integer(40); count > 0; count -= 1) {
    const step = random.pick(names);
    const waiting = steps[step]?.();
    await waiting;
    const isSettled = waiting instanceof Promise;
    if (isSettled) await turns(100);
    judge(step, isSettled);
  }
  await (oracle.startable && !random.once(3) ? healAndDrain(oracle) : closeInTrouble(oracle, random));
  await Promise.all(flushes);
}

async function healAndDrain({ clock, publisher, backend, registry, flush, judge }: Oracle): Promise<void> {
  backend.heal();
  let status: string | undefined;
  void flush(3_600_000).then((report) => (status = report.status));
  // Ten minutes for a backend that asked for them, a probe and the longest back-off on top, twice.
  await clock.advance(1_400_000);
  await turns(100);
  judge("the healing", true);
  expect(status).toBe("complete");
  expect(publisher.health()).toMatchObject({ pending: 0, pendingDetail: { bytes: 0, oldestAgeMs: null } });
  for (let key = 1; key <= registry.size; key += 1) expect(registry.isSettled(key)).toBe(true);
  const closing = publisher.close();
  await clock.advance(0);
  await closing;
  judge("the close", true);
}

async function closeInTrouble(
  { clock, publisher, backend, registry, judge, publish }: Oracle,
  random: SeededRandom,
): Promise<void> {
  const timeoutMs = random.integer(5_000);
  const controller = new AbortController();
  const begun = clock.monotonic();
  let endedAt = Infinity;
  const closing = publisher.close({ timeoutMs, signal: controller.signal });
  void closing.then(() => {
    endedAt = clock.monotonic();
    registry.close();
  });
  judge("the call of close", false);
  const passed = random.integer(timeoutMs + 1);
  await clock.advance(passed);
  if (random.once(2)) controller.abort();
  else await clock.advance(timeoutMs - passed);
  await turns(100);
  await clock.advance(100);
  expect(endedAt - begun).toBeLessThanOrEqual(timeoutMs + 100);
  judge("the close", true);
  expect((await closing).pending).toBe(0);
  publish();
  // Longer than anything that the schedule itself still waits for.
  await clock.advance(2_100);
  expect(clock.pendingTimers).toBe(backend.timers);
  await clock.advance(3_600_000);
  judge("the time after the close", true);
  expect(publisher.health()).toMatchObject({ pending: 0, state: "closed" });
}

test(`the numbers add up, and no record is lost, invented or altered, in ${SCHEDULES} random schedules`, async () => {
  const first = Number(SEED ?? 1);
  for (let seed = first; seed < first + SCHEDULES; seed += 1) {
    try {
      await playSchedule(seed);
    } catch (caught) {
      const { message } = caught as Error;
      throw new Error(`EVENTMETER_SEED=${seed}: ${message}`, { cause: caught });
    } finally {
      vi.restoreAllMocks();
    }
  }
  // What is dropped while a handler runs cannot be given to the handler.
  const codes = new Set((await takeWarnings()).map(({ code }) => code));
  for (const code of ["record-dropped", "encode-failed", "invalid-record"]) codes.delete(code);
  expect([...codes]).toEqual([]);
}, 900_000);

/** What a handler of onDrop causes is handed out in turns of the event loop, each record in its own; virtual time stands meanwhile. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await setImmediate();
}
