import { isPublisherError, PublisherError } from "@eventmeter/core";
import { expect, test } from "vitest";
import { createPushPublisher } from "../src/index.ts";
import { DELIVERED, openHarness, within } from "./push-harness.ts";

const definition = { name: "harness", encode: () => null, send: () => DELIVERED };

test("nothing is sent before the start has succeeded, and everything after", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { clock, publisher, fill, sent } = openHarness(undefined, { maxBatchRecords: 2 }, { start: () => promise });
  fill(10);
  await clock.advance(5_000);
  expect(sent).toEqual([]);
  resolve();
  await clock.advance(0);
  expect(publisher.health()).toMatchObject({ delivered: 10, pending: 0 });
});

test("a start that fails is tried again while records wait", async () => {
  let failures = 3;
  const start = (): void => {
    if ((failures -= 1) >= 0) throw new Error("not yet");
  };
  const { clock, publisher, fill, errors } = openHarness(undefined, {}, { start });
  fill(5);
  await clock.advance(120_000);
  expect(publisher.health()).toMatchObject({ delivered: 5, dropped: 0 });
  expect(errors.map(({ code }) => code)).toEqual(["start-failed", "start-failed", "start-failed"]);
});

test("a start that fails for good turns what waits and what comes into refused, each once to onDrop", async () => {
  const start = async (): Promise<never> => {
    await Promise.resolve();
    throw new PublisherError("no such stack", { code: "start-failed", publisher: "harness" });
  };
  const { clock, publisher, fill, dropped, sent } = openHarness(undefined, { maxBatchRecords: 2 }, { start });
  fill(5);
  await clock.advance(0);
  expect(publisher.health()).toMatchObject({ droppedBy: { refused: 5 }, pending: 0, state: "failing" });
  fill(2);
  expect(publisher.health()).toMatchObject({ droppedBy: { refused: 7 }, pending: 0 });
  await clock.advance(0);
  expect(dropped).toHaveLength(5);
  expect(sent).toEqual([]);
  expect((await publisher.flush()).status).toBe("complete");
  const caught: unknown = await publisher.start?.().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(isPublisherError(caught)).toBe(true);
});

test("records that wait for a start when the publisher is closed are unconfirmed", async () => {
  const { clock, publisher, fill } = openHarness(undefined, {}, { start: () => new Promise(() => undefined) });
  fill(3);
  await within(clock, publisher.close({ timeoutMs: 100 }), 300);
  expect(publisher.health()).toMatchObject({ droppedBy: { unconfirmed: 3 }, pending: 0, state: "closed" });
});

test("what a start opens while the publisher closes is closed as well", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const calls: string[] = [];
  const { clock, publisher, fill } = openHarness(
    undefined,
    {},
    {
      start: async () => {
        await promise;
        calls.push("started");
      },
      close: () => void calls.push("close"),
    },
  );
  fill(1);
  await within(clock, publisher.close({ timeoutMs: 100 }), 300);
  resolve();
  await clock.advance(0);
  expect(calls).toEqual(["close", "started", "close"]);
});

test("a flush covers what was published before it and no more", async () => {
  const { clock, publisher, fill, fresh } = openHarness(() => undefined, { maxBatchRecords: 5 });
  fill(7);
  let ended = "";
  const first = publisher.flush({ timeoutMs: 60_000 }).then(({ status }) => (ended += `first ${status} `));
  fill(4);
  await clock.advance(0);
  const second = publisher.flush({ timeoutMs: 60_000 }).then(({ status }) => (ended += `second ${status}`));
  await clock.advance(0);
  const [a, b, c] = fresh();
  expect([a?.keys, b?.keys, c?.keys]).toEqual([
    [1, 2, 3, 4, 5],
    [6, 7],
    [8, 9, 10, 11],
  ]);
  c?.answer(DELIVERED);
  a?.answer(DELIVERED);
  await clock.advance(0);
  expect(ended).toBe("");
  // The remainder of what it covers is covered too.
  b?.answer({ kind: "partial", records: ["delivered", "retry"] });
  await clock.advance(1_000);
  expect(ended).toBe("");
  fresh()[0]?.answer(DELIVERED);
  await clock.advance(0);
  await Promise.all([first, second]);
  expect(ended).toBe("first complete second complete");
});

test("a flush that ends early says so, and the records go on", async () => {
  const { clock, publisher, fill, sent } = openHarness(() => undefined);
  fill(3);
  const report = await within(clock, publisher.flush({ timeoutMs: 200 }), 300);
  expect(report).toMatchObject({ status: "timeout", pending: 3, durable: 0 });
  const aborted = await publisher.flush({ signal: AbortSignal.abort() });
  expect(aborted.status).toBe("aborted");
  sent[0]?.answer(DELIVERED);
  await clock.advance(0);
  expect(publisher.health().delivered).toBe(3);
});

test("close aborts what is in flight, counts it as unconfirmed, and leaves no timer", async () => {
  const { clock, publisher, fill, sent, dropped } = openHarness(() => undefined, {
    maxBatchRecords: 2,
    concurrency: 2,
  });
  fill(9);
  await within(clock, publisher.close({ timeoutMs: 500 }), 600);
  expect(sent).toHaveLength(2);
  expect(sent.every(({ signal }) => signal.aborted)).toBe(true);
  expect(publisher.health()).toMatchObject({
    droppedBy: { unconfirmed: 9 },
    pending: 0,
    pendingDetail: { bytes: 0, oldestAgeMs: null },
  });
  expect(dropped).toHaveLength(9);
  sent[0]?.answer(DELIVERED);
  sent[1]?.fail(new Error("late"));
  await clock.advance(60_000);
  expect(publisher.health()).toMatchObject({ delivered: 0, dropped: 9 });
  expect(clock.pendingTimers).toBe(0);
  expect(sent).toHaveLength(2);
});

test.each([
  ["delivered", DELIVERED],
  ["retry", { kind: "retry" }],
  ["partial", { kind: "partial", records: ["delivered", "retry"] }],
  ["split", { kind: "split", because: "busy" }],
])("an answer (%s) in the very moment in which the close ends counts once", async (_, outcome) => {
  for (let turns = 0; turns < 12; turns += 1) {
    const controller = new AbortController();
    const { clock, publisher, fill, sent } = openHarness(() => undefined);
    fill(2);
    const closing = publisher.close({ signal: controller.signal, timeoutMs: 60_000 });
    await clock.advance(0);
    sent[0]?.answer(outcome);
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    controller.abort();
    await within(clock, closing);
    await clock.advance(60_000);
    const { delivered, dropped, pending } = publisher.health();
    expect([delivered + dropped, pending]).toEqual([2, 0]);
  }
});

test("close gives its own close what is left of the time", async () => {
  const timeouts: unknown[] = [];
  const { clock, publisher, fill } = openHarness(
    () => undefined,
    {},
    { close: ({ timeoutMs }) => void timeouts.push(timeoutMs) },
  );
  fill(1);
  await within(clock, publisher.close({ timeoutMs: 500 }), 700);
  expect(timeouts).toEqual([50]);
  const other = openHarness(undefined, {}, { close: ({ timeoutMs }) => void timeouts.push(timeoutMs) });
  await other.publisher.close({ timeoutMs: 500 });
  expect(timeouts).toEqual([50, 500]);
});

test("null from encode is ignored, a throw or no data is dropped.encode", async () => {
  const encoded: readonly (() => unknown)[] = [
    () => null,
    () => {
      throw new Error("encode");
    },
    () => undefined,
    () => "text",
    () => ({}),
    () => ({ data: 5 }),
    () => ({ data: [1, 2] }),
    () => ({ data: "x", lane: 5 }),
    () => Promise.reject(new Error("async")),
    () => ({ data: "good" }),
  ];
  let at = 0;
  const { publisher, fill, errors } = openHarness(
    undefined,
    {},
    { encode: () => encoded[at++]?.() as never, send: () => DELIVERED },
  );
  fill(encoded.length);
  const report = await publisher.flush();
  expect(report).toMatchObject({ received: 10, delivered: 1, ignored: 1, dropped: 8, pending: 0 });
  expect(publisher.health()).toMatchObject({ droppedBy: { encode: 8 }, ignoredBy: { unsupported: 1 } });
  expect(errors[0]).toMatchObject({ code: "encode-failed", cause: { message: "encode" } });
});

test("gives encode an id and the time of publication, and the record's own fields", () => {
  const seen: unknown[] = [];
  const { fill, clock } = openHarness(
    undefined,
    {},
    {
      encode: (record, { id, receivedAt }) => {
        seen.push([record.taskId, typeof id, receivedAt]);
        return null;
      },
    },
  );
  fill(2);
  expect(seen).toEqual([
    ["1", "string", clock.now()],
    ["2", "string", clock.now()],
  ]);
});

test("sends after publish has returned", async () => {
  let returned = false;
  const { publish, clock } = openHarness(() => (expect(returned).toBe(true), DELIVERED), { maxBatchRecords: 1 });
  publish();
  returned = true;
  await clock.advance(0);
  expect.assertions(1);
});

test("check is there if the definition has one, and gets the wait", async () => {
  expect("check" in openHarness().publisher).toBe(false);
  const check = ({ timeoutMs }: { timeoutMs?: number | undefined }): { ok: true; code: string; message: string } => ({
    ok: true,
    code: "ok",
    message: `${timeoutMs}`,
  });
  const { publisher } = openHarness(undefined, {}, { check });
  expect(await publisher.check?.({ timeoutMs: 7 })).toMatchObject({ ok: true, message: "7" });
});

test("lists every wrong option and every wrong part of the definition, once, without values", () => {
  const wrong = {
    maxBatchRecords: 0,
    maxBatchBytes: 1.5,
    lingerMs: -1,
    maxQueueBytes: 100,
    overflow: "block",
    concurrency: 0,
    maxLanes: "many",
    maxAgeMs: Number.NaN,
    sendTimeoutMs: Infinity,
    onDrop: "secret",
    maxBatchByte: 1,
  };
  const message = messageOf(() => createPushPublisher(definition, wrong as never));
  for (const name of Object.keys(wrong)) expect(message).toContain(name);
  expect(message).toContain('did you mean "maxBatchBytes"?');
  expect(message).not.toContain("secret");
  const faults = messageOf(() => createPushPublisher({ name: "Wrong Name", wrap: { prefix: 1 } } as never));
  for (const name of ["name", "encode", "send", "wrap.prefix"]) expect(faults).toContain(name);
});

function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (caught) {
    return (caught as Error).message;
  }
  return "";
}
