import type { PublisherError } from "@eventmeter/core";
import type { EventFields } from "@eventmeter/core/publisher";
import { createVirtualClock } from "@eventmeter/testkit";
import { expect, test } from "vitest";
import { createSeriesPublisher, type SeriesSource, type SnapshotOutcome } from "../src/index.ts";

/** Totals by event name; the names of excluded ones are left out. */
interface Totals {
  readonly time: number;
  readonly totals: ReadonlyMap<string, number>;
  readonly excludedRecords: number;
}

const NO: SnapshotOutcome = { kind: "split", because: "rejected", reason: "a label is too long" };
const YES: SnapshotOutcome = { kind: "delivered" };

function open(answer: (names: readonly string[]) => SnapshotOutcome, canExclude = true) {
  const clock = createVirtualClock();
  const totals = new Map<string, number>();
  const excluded = new Set<string>();
  const requests: (readonly string[])[] = [];
  const stored = new Map<string, number>();
  const errors: PublisherError[] = [];
  const series: SeriesSource<Totals> = {
    addEvent: ({ eventName }: EventFields) => void totals.set(eventName, (totals.get(eventName) ?? 0) + 1),
    addNetwork: () => undefined,
    snapshot: () => ({
      time: clock.now(),
      totals: new Map([...totals].filter(([name]) => !excluded.has(name))),
      excludedRecords: [...totals].reduce((sum, [name, count]) => (excluded.has(name) ? sum + count : sum), 0),
    }),
    split({ totals: all, ...rest }) {
      const entries = [...all];
      if (entries.length < 2) return undefined;
      const middle = Math.ceil(entries.length / 2);
      return [
        { ...rest, totals: new Map(entries.slice(0, middle)) },
        { ...rest, totals: new Map(entries.slice(middle)) },
      ];
    },
    ...(canExclude
      ? {
          exclude(part: Totals) {
            let records = 0;
            for (const [name, count] of part.totals) {
              excluded.add(name);
              records += count;
            }
            return { name: "events", records };
          },
        }
      : {}),
  };
  let sending: Totals | undefined;
  const publisher = createSeriesPublisher<Totals>(
    {
      name: "totals",
      series,
      encode(snapshot) {
        sending = snapshot;
        return new Uint8Array(1);
      },
      send() {
        const { totals: sent } = sending as Totals;
        requests.push([...sent.keys()]);
        const outcome = answer([...sent.keys()]);
        if (outcome.kind === "delivered") for (const [name, count] of sent) stored.set(name, count);
        return outcome;
      },
    },
    { intervalMs: 10_000, clock, onError: (error) => errors.push(error) },
  );
  const publish = (...names: readonly string[]): void => {
    for (const eventName of names)
      publisher.publishEventMetrics({ eventName, taskId: 1, startTime: clock.now(), endTime: clock.now() });
    const { received, recovered, delivered, dropped, ignored, pending } = publisher.health();
    expect(received + recovered).toBe(delivered + dropped + ignored + pending);
  };
  return { clock, publisher, publish, requests, stored, errors };
}

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `event-${index}`);

test("one rejected series of 1,000 is found with few requests, dropped, counted and never sent again", async () => {
  const { clock, publisher, publish, requests, stored, errors } = open((sent) =>
    sent.includes("event-700") ? NO : YES,
  );
  publish(...names(1_000), "event-700");
  await clock.advance(10_000);
  expect(stored.size).toBe(999);
  expect(publisher.health()).toMatchObject({ delivered: 999, dropped: 2, droppedBy: { rejected: 2 }, pending: 0 });
  expect(requests.length).toBeLessThanOrEqual(2 * 10 + 1);
  expect(errors.map(({ code, dropped, message }) => [code, dropped, message])).toEqual([
    ["series-rejected", 0, "totals: a label is too long; rejected series are left out from now on: 1 of events"],
    ["record-dropped", 2, "totals: records dropped: the backend rejects their series"],
  ]);

  requests.length = 0;
  publish("event-1", "event-700", "event-700", "event-700");
  await clock.advance(10_000);
  expect(requests).toEqual([names(1_000).filter((name) => name !== "event-700")]);
  expect(publisher.health()).toMatchObject({ delivered: 1_000, dropped: 5, pending: 0 });
  await clock.advance(10_000);
  expect(errors.filter(({ code }) => code === "series-rejected")).toHaveLength(1);
  expect(errors.reduce((sum, { dropped }) => sum + dropped, 0)).toBe(5);
  await publisher.close();
});

test("a flush brings the healthy series out, and is complete", async () => {
  const { clock, publisher, publish, stored } = open((sent) => (sent.includes("bad") ? NO : YES));
  publish("a", "bad", "b");
  const flushing = publisher.flush();
  await clock.advance(100);
  expect(await flushing).toMatchObject({ status: "complete", delivered: 2, dropped: 1, pending: 0 });
  expect([...stored.keys()]).toEqual(["a", "b"]);
});

test("many rejected series are found over several intervals, with a bounded number of requests in each", async () => {
  const isBad = (name: string): boolean => Number(name.slice("event-".length)) % 3 === 0;
  const { clock, publisher, publish, requests, stored, errors } = open((sent) => (sent.some(isBad) ? NO : YES));
  publish(...names(300));
  const counts: number[] = [];
  for (let interval = 0; interval < 20 && publisher.health().pending > 0; interval += 1) {
    requests.length = 0;
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await clock.advance(10_000);
    counts.push(requests.length);
  }
  expect(publisher.health()).toMatchObject({ delivered: 200, dropped: 100, pending: 0 });
  expect(stored.size).toBe(200);
  expect(Math.max(...counts)).toBeLessThanOrEqual(2 * 64 + 20);
  expect(counts.length).toBeLessThanOrEqual(10);
  expect(errors.map(({ code }) => code)).toContain("snapshot-rejected");
});

test("a backend that rejects everything costs no series, and is not searched again at once", async () => {
  let isOpen = false;
  const { clock, publisher, publish, requests, stored, errors } = open(() => (isOpen ? YES : NO));
  publish(...names(1_000));
  const counts: number[] = [];
  for (let interval = 0; interval < 12; interval += 1) {
    requests.length = 0;
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await clock.advance(10_000);
    counts.push(requests.length);
  }
  expect(counts[0]).toBeLessThanOrEqual(2 * 10 + 1);
  expect(counts.slice(1, 9)).toEqual(Array.from({ length: 8 }, () => 1));
  expect(publisher.health()).toMatchObject({ state: "failing", delivered: 0, dropped: 0, pending: 1_000 });
  expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(["snapshot-rejected"]));
  isOpen = true;
  await clock.advance(20_000);
  expect(publisher.health()).toMatchObject({ delivered: 1_000, dropped: 0, pending: 0 });
  expect(stored.size).toBe(1_000);
});

test("a series that is the only one is not to blame alone", async () => {
  const { clock, publisher, publish } = open(() => NO);
  publish("a");
  await clock.advance(30_000);
  expect(publisher.health()).toMatchObject({ delivered: 0, dropped: 0, pending: 1 });
});

test("a search that an outage ends goes on later, and what it found stays excluded", async () => {
  let requestsLeft = 18;
  const { clock, publisher, publish, requests, stored } = open((sent) => {
    requestsLeft -= 1;
    if (requestsLeft === 0) return { kind: "retry" };
    return sent.includes("event-1") || sent.includes("event-60") ? NO : YES;
  });
  publish(...names(64));
  await clock.advance(20_000);
  expect(stored.size).toBe(62);
  expect(publisher.health()).toMatchObject({ delivered: 62, dropped: 2, pending: 0 });
  expect(requests.slice(-1)[0]).toHaveLength(62);
});

test("a search does not make later snapshots travel in many requests", async () => {
  const { clock, publish, requests } = open((sent) => (sent.includes("bad") ? NO : YES));
  publish(...names(100), "bad");
  await clock.advance(10_000);
  requests.length = 0;
  await clock.advance(30_000);
  expect(requests.map(({ length }) => length)).toEqual([100, 100, 100]);
});

test("a source that cannot exclude waits, as after any rejection", async () => {
  const { clock, publisher, publish, requests, errors } = open((sent) => (sent.includes("bad") ? NO : YES), false);
  publish("a", "bad");
  await clock.advance(10_000);
  expect(requests).toHaveLength(1);
  expect(errors.map(({ code }) => code)).toEqual(["snapshot-rejected"]);
  expect(publisher.health()).toMatchObject({ delivered: 0, dropped: 0, pending: 2 });
});

test("a series that was delivered before it was rejected is dropped from then on, and the numbers add up", async () => {
  let isBad = false;
  const { clock, publisher, publish } = open((sent) => (isBad && sent.includes("b") ? NO : YES));
  publish("a", "b", "b");
  await clock.advance(10_000);
  expect(publisher.health()).toMatchObject({ delivered: 3, dropped: 0 });
  isBad = true;
  publish("b");
  await clock.advance(20_000);
  expect(publisher.health()).toMatchObject({ delivered: 3, dropped: 1, pending: 0 });
});
