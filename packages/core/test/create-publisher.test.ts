import { expect, test } from "vitest";
import { createVirtualClock } from "../../testkit/src/virtual-clock.ts";
import {
  createPublisher,
  type EventMetrics,
  type FormattedEvent,
  type NetworkMetrics,
  noopPublisher,
  type PublisherDefinition,
  PublisherError,
} from "../src/index.ts";

const event = (taskId: string | number = 1): EventMetrics => ({
  eventName: "job",
  taskId,
  startTime: 1.7e12,
  endTime: 1.7e12 + 5,
});
const network: NetworkMetrics = {
  operation: "GET",
  host: "a",
  port: 1,
  startTime: 1.7e12,
  bytesSent: 1,
  bytesReceived: 2,
};

function setUp(definition: Omit<PublisherDefinition, "name">) {
  const clock = createVirtualClock();
  const errors: PublisherError[] = [];
  const publisher = createPublisher(
    { name: "example", ...definition },
    { clock, onError: (error) => errors.push(error) },
  );
  return { clock, errors, publisher };
}

test("hands each handler a dictionary of its own", () => {
  const seen: FormattedEvent[] = [];
  const { publisher } = setUp({ event: (data) => seen.push(data) });
  const record = event();
  publisher.publishEventMetrics(record);
  record.eventName = "changed";
  expect(seen).toEqual([publisher.formatMetrics(event())]);
  expect(publisher.health()).toMatchObject({ received: 1, delivered: 1, pending: 0, state: "ok" });
});

test("counts a throw and a rejection as failed and reports the cause", async () => {
  const cause = new Error("disk full");
  const { publisher, errors, clock } = setUp({
    event: () => {
      throw cause;
    },
    network: async () => Promise.reject(cause),
  });
  publisher.publishEventMetrics(event());
  publisher.publishNetworkMetrics(network);
  await clock.advance(1_000);
  expect(publisher.health()).toMatchObject({ dropped: 2, droppedBy: { failed: 2 }, state: "failing" });
  expect(errors.map((error) => [error.code, error.dropped, error.cause])).toEqual([
    ["publisher-failed", 1, cause],
    ["publisher-failed", 1, cause],
  ]);
});

test("ignores a kind without a handler", () => {
  const { publisher } = setUp({ event: () => undefined });
  publisher.publishNetworkMetrics(network);
  expect(publisher.health()).toMatchObject({ ignoredBy: { unsupported: 1 } });
});

test("drops a record of the other kind, an invalid one and one whose attributes throw", () => {
  const { publisher, errors } = setUp({ event: () => undefined, network: () => undefined });
  publisher.publishEventMetrics(network as never);
  publisher.publishNetworkMetrics(event() as never);
  const attributes = {
    get broken(): string {
      throw new Error("inner");
    },
  };
  publisher.publishEventMetrics({ ...event(), attributes });
  expect(publisher.health()).toMatchObject({ received: 3, droppedBy: { invalid: 3 } });
  expect(errors[0]?.message).toContain("operation: only network operations have one; eventName: missing");
});

test("bounds how many promises may be unsettled", async () => {
  const finish: (() => void)[] = [];
  const { publisher, clock } = setUp({
    maxUnsettled: 3,
    event: () => new Promise<void>((resolve) => finish.push(resolve)),
  });
  for (let count = 0; count < 5; count += 1) publisher.publishEventMetrics(event(count));
  expect(publisher.health()).toMatchObject({ pending: 3, droppedBy: { overflow: 2 } });
  expect(publisher.health().pendingDetail.bytes).toBeGreaterThan(300);
  finish[0]?.();
  await clock.advance(10);
  expect(publisher.health()).toMatchObject({ pending: 2, delivered: 1, pendingDetail: { oldestAgeMs: 10 } });
});

test("flushes what was accepted before the call, and nothing later", async () => {
  const finish: (() => void)[] = [];
  const calls: string[] = [];
  const { publisher, clock } = setUp({
    event: () => new Promise<void>((resolve) => finish.push(resolve)),
    flush: () => void calls.push("flush"),
  });
  publisher.publishEventMetrics(event(1));
  publisher.publishEventMetrics(event(2));
  const flushed = publisher.flush();
  publisher.publishEventMetrics(event(3));
  finish[1]?.();
  await clock.advance(0);
  expect(calls).toEqual([]);
  finish[0]?.();
  expect(await flushed).toMatchObject({ status: "complete", delivered: 2, pending: 1 });
  expect(calls).toEqual(["flush"]);
});

test("gives up a flush in time or when it is aborted", async () => {
  const { publisher, clock } = setUp({ event: () => new Promise(() => undefined) });
  publisher.publishEventMetrics(event());
  const late = publisher.flush({ timeoutMs: 200 });
  const controller = new AbortController();
  const aborted = publisher.flush({ signal: controller.signal });
  controller.abort();
  expect((await aborted).status).toBe("aborted");
  await clock.advance(200);
  expect(await late).toMatchObject({ status: "timeout", pending: 1 });
});

test("gives up a close when it is aborted, although a start hangs", async () => {
  const { publisher, clock } = setUp({ start: () => new Promise(() => undefined), event: () => undefined });
  publisher.publishEventMetrics(event());
  await clock.advance(0);
  const report = await publisher.close({ timeoutMs: 60_000, signal: AbortSignal.abort() });
  expect(report).toMatchObject({ status: "aborted", dropped: 1, pending: 0 });
});

test("closes once: unsettled records are unconfirmed, later ones are closed", async () => {
  const calls: string[] = [];
  const { publisher, clock } = setUp({
    event: () => new Promise(() => undefined),
    close: () => void calls.push("close"),
  });
  publisher.publishEventMetrics(event());
  const closed = publisher.close({ timeoutMs: 50 });
  expect(publisher.close()).toBe(closed);
  publisher.publishEventMetrics(event());
  await clock.advance(50);
  expect(await closed).toMatchObject({ status: "timeout", pending: 0 });
  expect(calls).toEqual(["close"]);
  expect(publisher.health()).toMatchObject({ state: "closed", droppedBy: { unconfirmed: 1, closed: 1 } });
  expect(clock.pendingTimers).toBe(0);
});

test("returns from close in time although the close hook hangs", async () => {
  const { publisher, clock } = setUp({ close: () => new Promise(() => undefined) });
  const closed = publisher.close({ timeoutMs: 100 });
  await clock.advance(100);
  expect((await closed).status).toBe("complete");
});

test("keeps records until the start succeeds, started by the first of them", async () => {
  const ready = Promise.withResolvers<void>();
  const seen: string[] = [];
  const { publisher, clock } = setUp({
    maxUnsettled: 2,
    start: () => ready.promise,
    event: (data) => void seen.push(data.task_id ?? ""),
  });
  for (const id of ["a", "b", "c"]) publisher.publishEventMetrics(event(id));
  expect(publisher.health()).toMatchObject({ pending: 2, droppedBy: { overflow: 1 } });
  ready.resolve();
  await clock.advance(0);
  expect(seen).toEqual(["a", "b"]);
  expect(publisher.health()).toMatchObject({ pending: 0, delivered: 2 });
});

test("refuses what waits when the start fails for good", async () => {
  const { publisher, clock } = setUp({
    start: async () =>
      Promise.reject(new PublisherError("no permission", { code: "start-failed", publisher: "example" })),
    event: () => undefined,
  });
  publisher.publishEventMetrics(event());
  await clock.advance(0);
  publisher.publishEventMetrics(event());
  expect(publisher.health()).toMatchObject({ droppedBy: { refused: 2 }, pending: 0 });
  await expect(publisher.start?.()).rejects.toThrow("no permission");
});

test("refuses what still waits for the start when it is closed", async () => {
  const { publisher, clock } = setUp({ start: () => new Promise(() => undefined), event: () => undefined });
  publisher.publishEventMetrics(event());
  const closed = publisher.close({ timeoutMs: 10 });
  await clock.advance(10);
  await closed;
  expect(publisher.health()).toMatchObject({ droppedBy: { refused: 1 }, pending: 0 });
});

test("names every wrong field of a definition and of the options", () => {
  expect(() => createPublisher({ name: "Example", event: 1, nework: 2 } as never)).toThrow(
    /createPublisher: 3 options are wrong\n {2}nework: unknown option, did you mean "network"\?\n {2}name: .*\n {2}event: expected a function/,
  );
  expect(() => createPublisher({ name: "example" }, { onEror: () => undefined } as never)).toThrow(
    /did you mean "onError"/,
  );
});

test("takes every record and does nothing with the no-op publisher", async () => {
  await using publisher = noopPublisher();
  publisher.publishEventMetrics(event());
  publisher.publishNetworkMetrics(network);
  expect(publisher.health()).toMatchObject({ received: 2, delivered: 2 });
});

test("counts a record once although its handler makes its own data cyclic", async () => {
  const { publisher, clock } = setUp({
    async event(data) {
      (data as { attributes: unknown }).attributes = data;
      await Promise.resolve();
    },
  });
  publisher.publishEventMetrics(event());
  await clock.advance(0);
  expect(publisher.health()).toMatchObject({ delivered: 1, dropped: 0, pending: 0 });
});

test("calls the flush hook again for records that came after the call under way began, once for all flushes", async () => {
  const hooks: (() => void)[] = [];
  const covered: number[] = [];
  const { publisher, clock } = setUp({
    event: () => undefined,
    flush() {
      covered.push(publisher.health().received);
      return new Promise<void>((resolve) => hooks.push(resolve));
    },
  });
  const ended: string[] = [];
  const flush = (name: string): void => void publisher.flush().then(() => ended.push(name));
  publisher.publishEventMetrics(event(1));
  flush("first");
  flush("second");
  await clock.advance(0);
  publisher.publishEventMetrics(event(2));
  flush("third");
  flush("fourth");
  await clock.advance(0);
  expect(covered).toEqual([1]);
  hooks[0]?.();
  await clock.advance(0);
  expect([covered, ended]).toEqual([
    [1, 2],
    ["first", "second"],
  ]);
  hooks[1]?.();
  await clock.advance(0);
  expect([covered.length, ended]).toEqual([2, ["first", "second", "third", "fourth"]]);
});

test("ends although its flush hook flushes the publisher itself", async () => {
  let calls = 0;
  const { publisher, clock } = setUp({
    async flush() {
      calls += 1;
      await publisher.flush({ timeoutMs: 100 });
    },
  });
  const flushed = publisher.flush({ timeoutMs: 300 });
  await clock.advance(300);
  expect((await flushed).status).toBe("complete");
  expect(calls).toBe(1);
});

test("closes what a start opens while the publisher is being closed", async () => {
  const calls: string[] = [];
  const opening = Promise.withResolvers<void>();
  const { publisher, clock } = setUp({
    start: () => opening.promise.then(() => calls.push("opened")),
    close: () => calls.push("closed"),
  });
  const started = publisher.start?.().catch(() => undefined);
  const closed = publisher.close({ timeoutMs: 100 });
  await clock.advance(50);
  opening.resolve();
  await clock.advance(0);
  await Promise.all([started, closed]);
  expect(calls).toEqual(["opened", "closed"]);
});

test("covers by a flush what waits for the start, until its handlers have settled", async () => {
  const opening = Promise.withResolvers<void>();
  const finish: (() => void)[] = [];
  const { publisher, clock } = setUp({
    start: () => opening.promise,
    event: () => new Promise<void>((resolve) => finish.push(resolve)),
  });
  for (const id of ["a", "b"]) publisher.publishEventMetrics(event(id));
  let status = "";
  void publisher.flush().then((report) => (status = report.status));
  opening.resolve();
  await clock.advance(0);
  expect([status, publisher.health().pending]).toEqual(["", 2]);
  for (const resolve of finish) resolve();
  await clock.advance(0);
  expect([status, publisher.health().delivered]).toEqual(["complete", 2]);
});
