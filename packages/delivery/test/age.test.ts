import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Clock, PublisherHealth } from "@eventmeter/core";
import { expect, onTestFinished, test } from "vitest";
import { DELIVERED, openHarness, type PushHarness, type Respond } from "./push-harness.ts";

const RETRY = { kind: "retry" };

/** A harness whose process can be frozen: time passes, and no timer runs before the program goes on. */
function openFreezable(
  respond: Respond | undefined,
  options: Parameters<typeof openHarness>[1],
): PushHarness & { readonly freeze: (ms: number) => void } {
  let frozenMs = 0;
  const { clock } = openHarness();
  const leaping: Clock = {
    now: () => clock.now() + frozenMs,
    monotonic: () => clock.monotonic() + frozenMs,
    setTimeout: (run, ms) => clock.setTimeout(run, ms),
  };
  const harness = openHarness(respond, { ...options, clock: leaping });
  return { ...harness, clock, turn: () => clock.advance(0), freeze: (ms) => void (frozenMs += ms) };
}

test("a record that was never sent does not expire while the process is frozen, nor do those that follow", async () => {
  const { publisher, clock, fill, sent, freeze } = openFreezable(undefined, { maxAgeMs: 60_000, lingerMs: 1_000 });
  fill(5);
  await clock.advance(500);
  freeze(3_600_000);
  fill(5);
  await clock.advance(1_000);
  await clock.advance(1_000);
  expect(sent.map(({ keys }) => keys)).toEqual([
    [1, 2, 3, 4, 5],
    [6, 7, 8, 9, 10],
  ]);
  expect(publisher.health()).toMatchObject({ delivered: 10, dropped: 0 });
});

test("a batch that waited for its turn while the process was frozen is sent", async () => {
  const { publisher, clock, fill, sent, freeze } = openFreezable(() => undefined, {
    maxAgeMs: 60_000,
    maxBatchRecords: 1,
    concurrency: 1,
  });
  fill(3);
  await clock.advance(0);
  freeze(3_600_000);
  for (const index of [0, 1, 2]) {
    sent[index]?.answer(DELIVERED);
    await clock.advance(0);
  }
  expect(publisher.health()).toMatchObject({ delivered: 3, dropped: 0 });
});

test("an attempt that the process was frozen in does not count as one before a batch expires", async () => {
  const { publisher, clock, fill, sent, freeze } = openFreezable(
    ({ attempt }) => (attempt === 1 ? undefined : DELIVERED),
    { maxAgeMs: 60_000, maxBatchRecords: 1 },
  );
  fill(1);
  await clock.advance(0);
  freeze(3_600_000);
  sent[0]?.fail(new Error("the connection was closed"));
  await clock.advance(1_000);
  expect(publisher.health()).toMatchObject({ delivered: 1, dropped: 0 });
});

test.each([
  ["exactly half of its age", 5_000, 1],
  ["more than half of its age", 5_001, 2],
])("a new record joins a batch of %s: %i ms, %i batches", async (_, ageMs, batches) => {
  const { publisher, clock, publish, sent } = openHarness(undefined, { maxAgeMs: 10_000, lingerMs: 3_600_000 });
  publish();
  await clock.advance(ageMs);
  publish();
  await publisher.flush();
  expect(sent).toHaveLength(batches);
  expect(publisher.health().delivered).toBe(2);
});

test("records that wait for a start, however long, are sent when it succeeds", async () => {
  const started = Promise.withResolvers<void>();
  const { clock, publisher, fill } = openHarness(undefined, { maxAgeMs: 60_000 }, { start: () => started.promise });
  fill(5);
  await clock.advance(3_600_000);
  expect(publisher.health()).toMatchObject({ pending: 5, dropped: 0 });
  started.resolve();
  // The attempts that hung have failed: the next one, after the back-off, counts.
  await clock.advance(60_000);
  expect(publisher.health()).toMatchObject({ delivered: 5, dropped: 0 });
});

test("of the batches that wait for a backend that is down, only those that were sent expire", async () => {
  let isDown = true;
  const { clock, publisher, fill, sent, dropped } = openHarness(() => (isDown ? RETRY : DELIVERED), {
    maxAgeMs: 60_000,
    maxBatchRecords: 1,
    concurrency: 1,
  });
  fill(200);
  await clock.advance(600_000);
  const tried = new Set(sent.flatMap(({ keys }) => keys));
  expect(publisher.health().droppedBy).toEqual({ expired: dropped.length });
  expect(dropped.length).toBeGreaterThan(0);
  expect(dropped.length).toBeLessThanOrEqual(tried.size);
  isDown = false;
  await clock.advance(60_000);
  expect(publisher.health()).toMatchObject({ pending: 0, delivered: 200 - dropped.length });
});

test("the halves of a batch that was too large are each sent before they expire", async () => {
  const { clock, publisher, fill, sent } = openHarness(() => undefined, { maxAgeMs: 5_000, concurrency: 1 });
  fill(2);
  void publisher.flush({ timeoutMs: 60_000 });
  await clock.advance(6_000);
  sent[0]?.answer({ kind: "split", because: "too-large" });
  await clock.advance(0);
  sent[1]?.answer(DELIVERED);
  await clock.advance(0);
  sent[2]?.answer(DELIVERED);
  await clock.advance(0);
  expect(publisher.health()).toMatchObject({ delivered: 2, dropped: 0 });
});

/** Freezes a program for twice its `maxAgeMs` while it publishes; returns its numbers at the end. */
async function freezeProgram(
  lingerMs: number,
  respond: (response: ServerResponse) => void,
  onFrozen: () => void = () => undefined,
): Promise<PublisherHealth> {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => respond(response));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const program = fileURLToPath(new URL("./programs/freeze.ts", import.meta.url));
  const args = ["--conditions=@eventmeter/source", program, url, String(lingerMs), "1000"];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  if (child.stdout === null) throw new Error("the program has no output");
  await once(child.stdout, "data");
  await setTimeout(300);
  child.kill("SIGSTOP");
  onFrozen();
  await setTimeout(2_000);
  child.kill("SIGCONT");
  await setTimeout(300);
  child.stdin?.end();
  await once(child, "close");
  return JSON.parse(output.replace("running\n", "")) as PublisherHealth;
}

test.skipIf(process.platform === "win32").each([
  ["gathers records", 600, 0],
  ["has batches in the queue and a request in flight", 0, 100],
])("a process that is frozen while it %s loses nothing", { timeout: 60_000 }, async (_, lingerMs, delayMs) => {
  const open = new Set<ServerResponse>();
  const respond = async (response: ServerResponse): Promise<void> => {
    open.add(response);
    await setTimeout(delayMs);
    open.delete(response);
    response.end();
  };
  // What is in flight while the process is frozen is lost on its way, as the connections of a frozen function are.
  const health = await freezeProgram(
    lingerMs,
    (response) => void respond(response),
    () => {
      for (const response of open) response.destroy();
    },
  );
  expect(health).toMatchObject({ dropped: 0, pending: 0, delivered: health.received });
  expect(health.received).toBeGreaterThan(15);
});
