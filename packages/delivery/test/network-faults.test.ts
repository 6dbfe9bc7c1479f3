import { gzipSync } from "node:zlib";
import { createVirtualClock, type FaultReply } from "@eventmeter/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CLIENT_NAMES, nextAttempt, openWire, until } from "./wire-harness.ts";

const TIMEOUT_MS = 5_000;
const warnings: Error[] = [];
const onWarning = (warning: Error): void => void warnings.push(warning);

beforeAll(() => void process.on("warning", onWarning));
afterAll(() => {
  process.off("warning", onWarning);
  // An unhandled rejection fails the run by itself.
  expect(warnings).toEqual([]);
});

const BOMB = gzipSync(gzipSync(Buffer.alloc(8 * 2 ** 20)));
const GZIP = { "content-encoding": "gzip" };

/** Faults that end the attempt by themselves. */
const BROKEN: Readonly<Record<string, FaultReply>> = {
  "a reset": { fault: "reset" },
  "a reset in the headers": { fault: "reset-in-headers", body: "reply" },
  "a reset after the headers": { fault: "reset-after-headers", body: "reply" },
  "a body that is cut": { fault: "cut-body", body: "reply" },
  "what is no HTTP": { fault: "garbage" },
  "a body without an end": { fault: "endless-body" },
  "an early 503": { fault: "early", status: 503 },
  "a flood of provisional replies before a 503": { fault: "flood", status: 503 },
  "a page with status 500": { status: 500, body: "<html>" },
  "two Retry-After": { status: 429, headers: { "retry-after": ["1", "2"] } },
  "a redirect": { status: 307, headers: { location: "http://127.0.0.1:1/" } },
  "a length that is no number": { headers: { "content-length": "many" }, body: "reply" },
  "a chunk without a size": { headers: { "transfer-encoding": "chunked" }, body: "many\r\n" },
  "headers that are too large": { headers: { "x-large": "x".repeat(100_000) } },
};

/** Faults that only the timeout of the attempt ends. */
const SILENT: Readonly<Record<string, FaultReply>> = {
  "a reply that never comes": { fault: "hang" },
  "an upload that is not read": { fault: "stall" },
  "a reply byte by byte": { fault: "drip", body: "x".repeat(10_000), intervalMs: 1 },
  "a reply in ten minutes": { delayMs: 600_000 },
  "a body shorter than it says": { headers: { "content-length": "1000" }, body: "the rest never comes" },
};

describe.each(CLIENT_NAMES)("through %s", (client) => {
  test.each(Object.keys(BROKEN))("%s is a retry, and the record arrives with the next request", async (name) => {
    const clock = createVirtualClock();
    await using wire = await openWire(client, [BROKEN[name] ?? {}], { clock, sendTimeoutMs: TIMEOUT_MS });
    const { publish, publisher, errors, failed } = wire;
    publish(7);
    await failed(1);
    expect(errors).toMatchObject([{ code: "send-failed", retryable: true, dropped: 0 }]);
    expect(publisher.health()).toMatchObject({ delivered: 0, pending: 1, dropped: 0, retries: 0 });
    await nextAttempt(wire, clock);
    await until(() => publisher.health().delivered === 1);
    expect(publisher.health()).toMatchObject({ pending: 0, dropped: 0, retries: 1 });
    expect(wire.requested.at(-1)).toEqual([7]);
    await clock.advance(3_600_000);
    expect(wire.attempts).toBe(2);
    expect(errors).toHaveLength(1);
  });

  test.each(Object.keys(SILENT))("%s ends with the time of its attempt, and is a retry", async (name) => {
    const clock = createVirtualClock();
    await using wire = await openWire(client, [SILENT[name] ?? {}], { clock, sendTimeoutMs: TIMEOUT_MS });
    const { publish, publisher, errors, server } = wire;
    publish(7);
    await server.received(1);
    await clock.advance(TIMEOUT_MS - 1);
    expect(errors).toEqual([]);
    await clock.advance(1);
    expect(errors.map(({ code, message }) => [code, message])).toEqual([
      ["send-failed", `wire: no answer within ${TIMEOUT_MS} ms; 1 record kept for a retry`],
    ]);
    // The request is not only forgotten but ended.
    await until(() => server.open === 0);
    await nextAttempt(wire, clock);
    await until(() => publisher.health().delivered === 1);
    expect(wire.attempts).toBe(2);
  });

  test("a refused connection is a retry until the port is open again", async () => {
    const clock = createVirtualClock();
    await using wire = await openWire(client, {}, { clock, concurrency: 1 });
    const { server, publish, publisher, failed } = wire;
    await server.refuse();
    publish(1, 2, 3);
    for (let failure = 1; failure <= 4; failure += 1) {
      await failed(failure);
      if (failure === 4) await server.accept();
      await nextAttempt(wire, clock);
    }
    await until(() => publisher.health().delivered === 3);
    expect(wire.requested.flat().toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
    expect(publisher.health()).toMatchObject({ pending: 0, dropped: 0 });
    expect(wire.errors).toHaveLength(4);
  });

  test("1,000 provisional replies before the reply do no harm", async () => {
    await using wire = await openWire(client, [{ fault: "flood" }], { clock: createVirtualClock() });
    wire.publish(1);
    await until(() => wire.publisher.health().delivered === 1);
    expect(wire.errors).toEqual([]);
  });

  test("a connection that is reset as it is used again costs a retry and no record", async () => {
    const clock = createVirtualClock();
    await using wire = await openWire(client, [{ fault: "reset-on-reuse" }], { clock });
    const { publish, publisher, failed } = wire;
    publish(1);
    await until(() => publisher.health().delivered === 1);
    publish(2);
    await failed(1);
    await nextAttempt(wire, clock);
    await until(() => publisher.health().delivered === 2);
    expect(wire.requested).toEqual([[1], [2]]);
  });

  test("one fault after the other: all records arrive, and after a good answer none goes again", async () => {
    const clock = createVirtualClock();
    const faults = [...Object.values(BROKEN), ...Object.values(SILENT)];
    const taken: number[] = [];
    await using wire = await openWire(
      client,
      ({ body }, index) => {
        const fault = index % 2 === 0 ? faults[index / 2] : undefined;
        if (fault === undefined) taken.push(Number(Buffer.from(body).toString()));
        return fault ?? {};
      },
      { clock, sendTimeoutMs: TIMEOUT_MS, maxAgeMs: 2 ** 31 - 1, concurrency: 1 },
    );
    const keys = Array.from({ length: 40 }, (_, key) => key);
    wire.publish(...keys);
    for (const [index, fault] of faults.entries()) {
      await wire.server.received(index * 2 + 1);
      if (Object.values(SILENT).includes(fault)) await clock.advance(TIMEOUT_MS);
      await wire.failed(index + 1);
      await nextAttempt(wire, clock);
    }
    while (wire.publisher.health().pending > 0 && clock.monotonic() < 3_600_000) {
      await until(() => wire.inFlight === 0);
      await clock.advance(100);
    }
    expect(wire.publisher.health()).toMatchObject({ delivered: 40, dropped: 0, retries: faults.length });
    expect(taken.toSorted((a, b) => a - b)).toEqual(keys);
  });
});

test("a bomb is read no further than a publisher reads replies", async () => {
  const clock = createVirtualClock();
  const reply = { headers: { "content-encoding": "gzip, gzip" }, body: BOMB };
  await using wire = await openWire("fetch", [reply, { headers: GZIP, body: "no gzip" }], { clock });
  wire.publish(1);
  for (let failure = 1; failure <= 2; failure += 1) {
    await wire.failed(failure);
    await nextAttempt(wire, clock);
  }
  await until(() => wire.publisher.health().delivered === 1);
  expect(wire.errors.map(({ code }) => code)).toEqual(["send-failed", "send-failed"]);
});
