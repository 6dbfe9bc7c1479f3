import { setImmediate } from "node:timers/promises";
import { createVirtualClock, type FaultReply } from "@eventmeter/testkit";
import { describe, expect, test } from "vitest";
import { openHarness } from "./push-harness.ts";
import { CLIENT_NAMES, openWire, until, type Wire } from "./wire-harness.ts";

const DEADLINE_MS = 500;
const KEYS = Array.from({ length: 20 }, (_, key) => key);

/** Backends that do not take records in time; each is awaited until it has begun to be one. */
const SINKS: Readonly<Record<string, readonly [FaultReply, (wire: Wire) => Promise<void>]>> = {
  silent: [{ fault: "hang" }, ({ server }) => server.received(4)],
  dripping: [{ fault: "drip", body: "x".repeat(10_000), intervalMs: 5 }, ({ server }) => server.received(4)],
  "asking for an hour": [{ status: 503, headers: { "retry-after": "3600" } }, ({ failed }) => failed(4)],
  "refusing the key": [{ status: 401 }, ({ failed }) => failed(1)],
  refused: [{}, ({ failed }) => failed(1)],
};

async function openSink(name: string, wire: Wire): Promise<void> {
  if (name === "refused") await wire.server.refuse();
  wire.publish(...KEYS);
  await SINKS[name]?.[1](wire);
}

describe.each(CLIENT_NAMES)("through %s", (client) => {
  test("a close over a healthy backend loses nothing, and waits no longer than it has to", async () => {
    await using wire = await openWire(client, { delayMs: 20 });
    wire.publish(...KEYS);
    const begun = performance.now();
    const report = await wire.publisher.close({ timeoutMs: 5_000 });
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(report).toMatchObject({ status: "complete", delivered: 20, dropped: 0, pending: 0 });
    expect(wire.requested.flat().toSorted((a, b) => a - b)).toEqual(KEYS);
    if (client === "http") await until(() => wire.server.open === 0);
  });

  test.each(Object.keys(SINKS))("a close over a backend that is %s ends in time and counts the rest", async (name) => {
    await using wire = await openWire(client, SINKS[name]?.[0] ?? {});
    const { publisher, server } = wire;
    await openSink(name, wire);
    const begun = performance.now();
    const report = await publisher.close({ timeoutMs: DEADLINE_MS });
    const tookMs = performance.now() - begun;
    // A close that can bring nothing more within its time ends before.
    if (name === "silent" || name === "dripping") expect(tookMs).toBeGreaterThanOrEqual(DEADLINE_MS - 2);
    expect(tookMs).toBeLessThanOrEqual(DEADLINE_MS + 100);
    expect(report).toMatchObject({ status: "timeout", delivered: 0, dropped: 20, pending: 0 });
    expect(publisher.health()).toMatchObject({ state: "closed", droppedBy: { unconfirmed: 20 } });
    // What was in flight is ended on the wire, not only forgotten.
    if (client === "http" || name === "silent" || name === "dripping") await until(() => server.open === 0);
  });

  test.each(Object.keys(SINKS))("nothing goes on after a close over a backend that is %s", async (name) => {
    const clock = createVirtualClock();
    await using wire = await openWire(client, SINKS[name]?.[0] ?? {}, { clock });
    const { publisher, server } = wire;
    await openSink(name, wire);
    const closing = publisher.close({ timeoutMs: DEADLINE_MS });
    await clock.advance(DEADLINE_MS - 1);
    if (name === "silent" || name === "dripping") expect(publisher.health().state).not.toBe("closed");
    await clock.advance(1);
    await closing;
    expect(publisher.health().droppedBy).toEqual({ unconfirmed: 20 });
    expect(clock.pendingTimers).toBe(0);
    const { attempts } = wire;
    const requests = server.requests.length;
    const errors = wire.errors.length;
    server.script({});
    if (name === "refused") await server.accept();
    wire.publish(99);
    await clock.advance(3_600_000);
    expect([wire.attempts, server.requests.length, wire.errors.length]).toEqual([attempts, requests, errors + 1]);
    expect(publisher.health().droppedBy).toEqual({ unconfirmed: 20, closed: 1 });
    expect(clock.pendingTimers).toBe(0);
  });
});

test("a reply that comes as the close ends is not counted twice", async () => {
  const clock = createVirtualClock();
  await using wire = await openWire("http", { fault: "hang" }, { clock });
  wire.publish(1);
  await wire.server.received(1);
  const closing = wire.publisher.close({ timeoutMs: DEADLINE_MS });
  await clock.advance(DEADLINE_MS);
  expect(await closing).toMatchObject({ dropped: 1, delivered: 0, pending: 0 });
  await until(() => wire.server.open === 0);
  const { received, delivered, dropped, pending } = wire.publisher.health();
  expect([received, delivered, dropped, pending]).toEqual([1, 0, 1, 0]);
});

test("an aborted close ends at once", async () => {
  const clock = createVirtualClock();
  await using wire = await openWire("http", { fault: "hang" }, { clock });
  wire.publish(1);
  await wire.server.received(1);
  const controller = new AbortController();
  const closing = wire.publisher.close({ timeoutMs: 60_000, signal: controller.signal });
  controller.abort();
  expect(await closing).toMatchObject({ status: "aborted", dropped: 1, pending: 0 });
  expect(clock.pendingTimers).toBe(0);
});

test("an aborted close does not wait for a start that hangs", async () => {
  const clock = createVirtualClock();
  const { publisher, fill } = openHarness(undefined, { clock }, { start: () => new Promise(() => undefined) });
  fill(3);
  await clock.advance(0);
  const report = await publisher.close({ timeoutMs: 60_000, signal: AbortSignal.abort() });
  expect(report).toMatchObject({ status: "aborted", dropped: 3, pending: 0 });
  expect(clock.pendingTimers).toBe(0);
});

test("a close hands out what is lost in slices: the program goes on in between", async () => {
  let handlerMs = 0;
  let sinceTurn = 0;
  let longest = 0;
  const virtual = createVirtualClock();
  const { publisher, fill } = openHarness(() => undefined, {
    maxBatchRecords: 10,
    clock: { ...virtual, monotonic: () => virtual.monotonic() + handlerMs },
    // Each call takes a millisecond.
    onDrop() {
      handlerMs += 1;
      sinceTurn += 1;
      longest = Math.max(longest, sinceTurn);
    },
  });
  fill(500);
  const closing = publisher.close({ signal: AbortSignal.abort() });
  while (publisher.health().state !== "closed") {
    await setImmediate();
    sinceTurn = 0;
  }
  await closing;
  expect(handlerMs).toBe(500);
  // A slice of 5 ms, and the batch that began in it.
  expect(longest).toBeLessThanOrEqual(25);
});
