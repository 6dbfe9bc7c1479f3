import { getEventListeners } from "node:events";
import { createVirtualClock, type VirtualClock } from "@eventmeter/testkit";
import { expect, onTestFinished, test } from "vitest";
import { EndpointResolver } from "../src/endpoint-resolver.ts";
import { HttpClient } from "../src/http-request.ts";
import { ApiKey } from "../src/token.ts";
import { type FakeCloud, openCloud, TOKEN } from "./fake-cloud.ts";

const LIST = "/orgs/acme/instances";
const TIMEOUT_MS = 10_000;
const reporter = { diagnostic() {} };

interface Harness {
  readonly cloud: FakeCloud;
  readonly clock: VirtualClock;
  readonly resolver: EndpointResolver;
}

async function openResolver(change: (cloud: FakeCloud) => void = () => undefined): Promise<Harness> {
  const cloud = await openCloud();
  onTestFinished(() => cloud.server.close());
  change(cloud);
  const clock = createVirtualClock();
  const { apiUrl } = cloud;
  const stack = { orgSlug: "acme", region: "eu", stackSlug: undefined };
  const resolver = new EndpointResolver(
    { kind: "organisation", stack, apiUrl, apiKey: new ApiKey(TOKEN, { publisher: "grafana-cloud", clock }) },
    { client: new HttpClient(), clock, timeoutMs: TIMEOUT_MS, reporter },
  );
  return { cloud, clock, resolver };
}

test.each([
  [403, 30_000],
  [503, 500],
])("remembers a %i for %i ms, unless it is asked to try again", async (status, ageMs) => {
  const { cloud, clock, resolver } = await openResolver(({ api }) => void api.set(LIST, { status }));
  const { failure } = await resolver.resolve();
  await clock.advance(ageMs - 1);
  expect(await resolver.resolve()).toEqual({ failure });
  expect(cloud.asked).toHaveLength(1);
  await clock.advance(1);
  expect(await resolver.resolve()).toEqual({ failure });
  expect(cloud.asked).toHaveLength(2);
  expect(await resolver.resolve({ retryNow: true })).toEqual({ failure });
  expect(cloud.asked).toHaveLength(3);
});

test.each([429, 503])("passes on how long the Cloud API asks to wait with a %i", async (status) => {
  const reply = { status, headers: { "retry-after": "7" } };
  const { resolver } = await openResolver(({ api }) => void api.set(LIST, reply));
  expect(await resolver.resolve()).toMatchObject({ failure: { kind: "retry", retryAfterMs: 7_000 } });
});

test.each([{ fault: "reset" }, { status: 503 }] as const)(
  "asks the Cloud API once for each look-up: %j",
  async (reply) => {
    const { cloud, resolver } = await openResolver(({ api }) => void api.set(LIST, reply));
    expect(await resolver.resolve()).toMatchObject({ failure: { kind: "retry" } });
    expect(cloud.asked).toHaveLength(1);
  },
);

test("gives a look-up up after its time, and leaves no timer", async () => {
  const { cloud, clock, resolver } = await openResolver(({ api }) => void api.set(LIST, { fault: "hang" }));
  let isSettled = false;
  const resolution = resolver.resolve().finally(() => (isSettled = true));
  await cloud.server.received(1);
  await clock.advance(TIMEOUT_MS - 1);
  expect(isSettled).toBe(false);
  await clock.advance(1);
  expect(await resolution).toMatchObject({ failure: { kind: "retry", code: "timeout" } });
  expect(clock.pendingTimers).toBe(0);
});

test("ends the look-up under way when it closes, and begins none afterwards", async () => {
  const { cloud, resolver } = await openResolver(({ api }) => void api.set(LIST, { fault: "hang" }));
  const resolution = resolver.resolve();
  await cloud.server.received(1);
  resolver.close();
  expect(await resolution).toMatchObject({ failure: { code: "timeout" } });
  await expect.poll(() => cloud.server.open).toBe(0);
  expect(await resolver.resolve({ retryNow: true })).toMatchObject({ failure: { code: "closed" } });
  expect(cloud.asked).toHaveLength(1);
});

test("ends a wait whose signal has aborted, but not the look-up that others wait for", async () => {
  const { cloud, resolver } = await openResolver();
  const impatient = resolver.resolve({ signal: AbortSignal.abort() });
  const patient = resolver.resolve();
  expect(await impatient).toMatchObject({ failure: { code: "timeout" } });
  expect(await patient).toMatchObject({ endpoint: { url: `${cloud.otlpUrl}/v1/metrics` } });
  expect(cloud.asked).toHaveLength(2);
});

test("listens to the signal of a wait only as long as it waits", async () => {
  const { resolver } = await openResolver();
  const { signal } = new AbortController();
  const resolution = resolver.resolve({ signal });
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
  await resolution;
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("forgets an endpoint once until it has worked again, and never one that was given", async () => {
  const { cloud, clock, resolver } = await openResolver();
  await resolver.resolve();
  expect([resolver.forget(), resolver.forget()]).toEqual([true, false]);
  await resolver.resolve();
  expect(cloud.asked).toHaveLength(4);
  resolver.confirm();
  expect(resolver.forget()).toBe(true);
  const endpoint = { url: cloud.otlpUrl, authorize: () => expect.fail("not asked") };
  const given = new EndpointResolver(
    { kind: "receiver", endpoint, apiKey: undefined },
    { client: new HttpClient(), clock, timeoutMs: TIMEOUT_MS, reporter },
  );
  expect(given.forget()).toBe(false);
  expect(await given.resolve()).toEqual({ endpoint });
});
