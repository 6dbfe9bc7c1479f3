import { getEventListeners } from "node:events";
import type { SnapshotOutcome } from "@eventmeter/delivery";
import { createFaultServer, createVirtualClock, type FaultScript, type FaultServer } from "@eventmeter/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Authorization } from "../src/authorization.ts";
import { EndpointResolver } from "../src/endpoint-resolver.ts";
import { HttpClient } from "../src/http-request.ts";
import { OtlpExporter } from "../src/otlp-exporter.ts";

interface Harness {
  readonly server: FaultServer;
  readonly exporter: OtlpExporter;
  readonly warnings: readonly string[];
  readonly send: (body?: Uint8Array<ArrayBuffer>) => Promise<SnapshotOutcome>;
  readonly pendingTimers: () => number;
}

async function openExporter(script?: FaultScript): Promise<Harness> {
  const server = await createFaultServer(script);
  onTestFinished(() => server.close());
  const clock = createVirtualClock();
  const client = new HttpClient();
  const authorize = async (): Promise<Authorization> => ({ headers: {}, reject() {} });
  const resolver = new EndpointResolver(
    { kind: "receiver", endpoint: { url: server.url, authorize }, apiKey: undefined },
    { client, clock, timeoutMs: 10_000, reporter: { diagnostic() {} } },
  );
  const exporter = new OtlpExporter({ resolver, endpointKind: "receiver", apiKey: undefined, client, clock });
  const { signal } = new AbortController();
  const warnings: string[] = [];
  const report = { error: (_code: string, message: string) => void warnings.push(message), diagnostic() {} };
  return {
    server,
    exporter,
    warnings,
    send: (body = new Uint8Array(1)) => exporter.send(body, { signal, attempt: 1, report }),
    pendingTimers: () => clock.pendingTimers,
  };
}

async function kindsOf({ send }: Harness, count: number): Promise<readonly string[]> {
  const kinds: string[] = [];
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  for (let index = 0; index < count; index += 1) kinds.push((await send()).kind);
  return kinds;
}

test("sends bodies of up to 4 MiB, and asks for smaller ones instead of a longer one", async () => {
  const { server, send } = await openExporter();
  expect(await send(new Uint8Array(4 * 2 ** 20))).toEqual({ kind: "delivered" });
  expect(await send(new Uint8Array(4 * 2 ** 20 + 1))).toMatchObject({ kind: "split", because: "too-large" });
  expect(server.requests).toHaveLength(1);
});

test("takes an unexpected end for a body that is too large only if it had more than 1 MiB", async () => {
  const { send } = await openExporter({ status: 400, body: "unexpected EOF" });
  expect(await send(new Uint8Array(2 ** 20))).toMatchObject({ kind: "rejected" });
  expect(await send(new Uint8Array(2 ** 20 + 1))).toMatchObject({ kind: "split", because: "too-large" });
});

describe("asks for smaller requests", () => {
  test("after every third 429 in a row, with the wait that the receiver asks for", async () => {
    const harness = await openExporter({ status: 429, headers: { "retry-after": "7" } });
    expect(await kindsOf(harness, 5)).toEqual(["retry", "retry", "split", "retry", "retry"]);
    expect(await harness.send()).toMatchObject({ kind: "split", because: "busy", retryAfterMs: 7_000 });
  });

  test.each([200, 503, 400])("counting from the start again after a %i", async (status) => {
    const busy = { status: 429 };
    const harness = await openExporter([busy, busy, { status }, busy, busy, busy]);
    const kinds = await kindsOf(harness, 6);
    expect(kinds.toSpliced(2, 1)).toEqual(["retry", "retry", "retry", "retry", "split"]);
  });
});

test.each([429, 503])("waits as long as a %i asks for", async (status) => {
  const { send } = await openExporter({ status, headers: { "retry-after": "7" } });
  expect(await send()).toMatchObject({ kind: "retry", retryAfterMs: 7_000 });
});

test("reads replies of up to 64 KiB", async () => {
  const headers = { "content-type": "application/json" };
  const replyOf = (length: number): { readonly headers: typeof headers; readonly body: string } => ({
    headers,
    body: "{}".padEnd(length),
  });
  const { send } = await openExporter([replyOf(2 ** 16), replyOf(2 ** 16 + 1)]);
  expect(await send()).toEqual({ kind: "delivered" });
  expect(await send()).toMatchObject({ kind: "hold", reason: expect.stringContaining("with more") as string });
});

test("warns of a limit once, however its numbers change", async () => {
  const headers = { "content-type": "application/json" };
  const script = [1, 5, 12].map((count) => ({
    headers,
    body: JSON.stringify({
      partialSuccess: { rejectedDataPoints: count, errorMessage: "err-mimir-max-series-per-user" },
    }),
  }));
  const harness = await openExporter(script);
  expect(await kindsOf(harness, 3)).toEqual(["delivered", "delivered", "delivered"]);
  expect(harness.warnings).toEqual([expect.stringContaining("but for 1 sample ") as string]);
});

describe("a check", () => {
  test("leaves neither a timer nor a listener behind", async () => {
    const { exporter, pendingTimers } = await openExporter();
    const { signal } = new AbortController();
    const report = exporter.check({ timeoutMs: 1_000, signal });
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    expect(await report).toMatchObject({ ok: true });
    expect(pendingTimers()).toBe(0);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("ends when its signal aborts", async () => {
    const { server, exporter } = await openExporter({ fault: "hang" });
    const controller = new AbortController();
    const report = exporter.check({ signal: controller.signal });
    await server.received(1);
    controller.abort();
    expect(await report).toMatchObject({ ok: false });
    await expect.poll(() => server.open).toBe(0);
  });

  test("sends nothing if its signal has aborted", async () => {
    const { server, exporter } = await openExporter();
    expect(await exporter.check({ signal: AbortSignal.abort() })).toMatchObject({ ok: false });
    expect(server.requests).toEqual([]);
  });
});
