import { createVirtualClock, RecordingPublisher } from "@eventmeter/testkit";
import { expect, test } from "vitest";

const START = Date.UTC(2026, 0, 1);
const event = (taskId: string) => ({ eventName: "job", taskId, startTime: START, endTime: START + 250 });
const network = {
  operation: "GET",
  host: "db",
  port: 1,
  startTime: START,
  endTime: START + 5,
  bytesSent: 1,
  bytesReceived: 2,
};

test("keeps the dictionaries of both kinds in order", () => {
  const metrics = new RecordingPublisher();
  metrics.publishEventMetrics(event("1"));
  metrics.publishNetworkMetrics(network);
  metrics.publishEventMetrics(event("2"));
  expect(metrics.events.map(({ task_id: id }) => id)).toEqual(["1", "2"]);
  expect(metrics.networks).toEqual([metrics.formatMetrics(network)]);
});

test("gives each record once, whether it came before or after the wait began", async () => {
  const metrics = new RecordingPublisher();
  metrics.publishEventMetrics(event("1"));
  const first = metrics.nextEvent();
  const second = metrics.nextEvent();
  const third = metrics.nextEvent();
  metrics.publishEventMetrics(event("2"));
  metrics.publishEventMetrics(event("3"));
  const given = await Promise.all([first, second, third]);
  expect(given.map(({ task_id: id }) => id)).toEqual(["1", "2", "3"]);
  metrics.publishNetworkMetrics(network);
  expect((await metrics.nextNetwork()).operation).toBe("GET");
  metrics.publishEventMetrics(event("4"));
  expect((await metrics.nextEvent()).task_id).toBe("4");
});

test("waits a second of the clock that it was given", async () => {
  const clock = createVirtualClock();
  const metrics = new RecordingPublisher({ clock });
  const ends: string[] = [];
  metrics.nextEvent().catch(({ message }: Error) => ends.push(message));
  metrics.nextNetwork({ timeoutMs: 2_000 }).catch(({ message }: Error) => ends.push(message));
  await clock.advance(999);
  expect(ends).toEqual([]);
  await clock.advance(1);
  expect(ends).toEqual([expect.stringContaining("no event came within 1000 ms; recorded so far: 0")]);
  await clock.advance(1_000);
  expect(ends).toHaveLength(2);
});

test("gives a record that comes in the very turn in which the time is over", async () => {
  const virtual = createVirtualClock();
  const metrics = new RecordingPublisher({
    clock: {
      ...virtual,
      setTimeout: (run, ms) =>
        virtual.setTimeout(() => {
          run();
          metrics.publishEventMetrics(event("1"));
        }, ms),
    },
  });
  const waiting = metrics.nextEvent({ timeoutMs: 100 });
  await virtual.advance(100);
  expect((await waiting).task_id).toBe("1");
  const next = metrics.nextEvent({ timeoutMs: 100 });
  metrics.publishEventMetrics(event("2"));
  expect((await next).task_id).toBe("2");
});

test("is closed by await using", async () => {
  const metrics = new RecordingPublisher();
  {
    await using used = metrics;
    used.publishEventMetrics(event("1"));
  }
  expect(metrics.health().state).toBe("closed");
  expect(metrics.events).toHaveLength(1);
});

test("says what may be wrong when no record comes in time", async () => {
  const clock = createVirtualClock();
  const metrics = new RecordingPublisher({ clock });
  metrics.publishEventMetrics(event("1"));
  await metrics.nextEvent();
  const waiting = expect(metrics.nextEvent({ timeoutMs: 300 })).rejects.toThrow(
    /no event came within 300 ms; recorded so far: 1/,
  );
  await clock.advance(300);
  await waiting;
  metrics.publishEventMetrics(event("2"));
  expect((await metrics.nextEvent()).task_id).toBe("2");
});

test("times out on the system's clock by default", async () => {
  await expect(new RecordingPublisher().nextNetwork({ timeoutMs: 1 })).rejects.toThrow(
    /no network operation came within 1 ms/,
  );
});

test("gives a snapshot that stays as it is, and forgets on reset", async () => {
  const metrics = new RecordingPublisher();
  metrics.publishEventMetrics(event("1"));
  const snapshot = metrics.snapshot();
  metrics.publishEventMetrics(event("2"));
  expect(snapshot.events[0]).toEqual(metrics.events[0]);
  expect(snapshot.events[0]).not.toBe(metrics.events[0]);
  metrics.reset();
  expect(snapshot.events.map(({ task_id: id }) => id)).toEqual(["1"]);
  expect([metrics.events, metrics.networks]).toEqual([[], []]);
  metrics.publishEventMetrics(event("3"));
  expect((await metrics.nextEvent()).task_id).toBe("3");
  expect(metrics.health().delivered).toBe(3);
});

test("gives what is recorded after a reset, although records were given before", async () => {
  const metrics = new RecordingPublisher();
  for (const id of ["1", "2"]) {
    metrics.publishEventMetrics(event(id));
    expect((await metrics.nextEvent()).task_id).toBe(id);
  }
  metrics.reset();
  metrics.publishEventMetrics(event("3"));
  expect((await metrics.nextEvent()).task_id).toBe("3");
});

test("keeps nothing of an invalid record, and says so", () => {
  const codes: string[] = [];
  const metrics = new RecordingPublisher({ name: "under-test", onError: ({ code }) => codes.push(code) });
  metrics.publishEventMetrics({ ...event("1"), startTime: 1_767_225_600 });
  expect(metrics.events).toEqual([]);
  expect(metrics.health().droppedBy).toEqual({ invalid: 1 });
  expect([metrics.name, ...codes]).toEqual(["under-test", "invalid-record"]);
});
