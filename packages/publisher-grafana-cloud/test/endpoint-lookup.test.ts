import { setImmediate } from "node:timers/promises";
import { createVirtualClock, type VirtualClock } from "@eventmeter/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { CloudApi } from "../src/cloud-api.ts";
import { HttpClient } from "../src/http-request.ts";
import { ApiKey } from "../src/token.ts";
import { lookUpEndpoint } from "../src/endpoint-lookup.ts";
import { type FakeCloud, json, openCloud, TOKEN } from "./fake-cloud.ts";
import { open, type Opened, publishOne } from "./publisher-harness.ts";

async function cloudOf(change: (cloud: FakeCloud) => void = () => undefined): Promise<FakeCloud> {
  const cloud = await openCloud();
  onTestFinished(() => cloud.server.close());
  change(cloud);
  return cloud;
}

/** Longer than a name may be, so that nobody is asked for it. */
const NO_HOST = `${"x".repeat(64)}.invalid`;

const openStack = (cloud: FakeCloud, more: object = {}): Opened =>
  open({ orgSlug: "acme", region: "eu", apiKey: TOKEN, apiUrl: cloud.apiUrl, ...more });

test("finds the one active stack of a region, once, and opens it with its id and the key", async () => {
  const cloud = await cloudOf();
  const { publisher, diagnostics, errors } = openStack(cloud);
  await Promise.all([publisher.start(), publisher.start(), publisher.check()]);
  for (const name of ["a", "b"]) {
    publishOne(publisher, name);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect(await publisher.flush()).toMatchObject({ status: "complete", pending: 0 });
  }
  expect(cloud.asked).toEqual(["GET /orgs/acme/instances", "GET /v1/stacks/123456/connections"]);
  expect(cloud.pushed).toHaveLength(3);
  const basic = `Basic ${Buffer.from(`123456:${TOKEN}`).toString("base64")}`;
  for (const { path, headers } of cloud.pushed)
    expect([path, headers["authorization"]]).toEqual(["/otlp/v1/metrics", basic]);
  expect(diagnostics).toEqual([
    {
      code: "endpoint-found",
      publisher: "grafana-cloud",
      message: `grafana-cloud: endpoint found: stack acme (123456) in eu, ${cloud.otlpUrl}/v1/metrics`,
    },
  ]);
  expect(errors).toEqual([]);
});

describe("gives the endpoint", () => {
  const several = [
    { id: 1, slug: "acme-test" },
    { id: 2, slug: "acme", regionSlug: "us", clusterSlug: "prod-us-central-0" },
    { id: 3, slug: "acme-old", status: "deleted" },
  ];
  test.each<[string, (cloud: FakeCloud) => void, object, string]>([
    ["by the region alone", (cloud) => void (cloud.stacks = several), {}, "1"],
    ["by the cluster", (cloud) => void (cloud.stacks = several), { region: "prod-us-central-0" }, "2"],
    ["by name", (cloud) => void (cloud.stacks = [...several, { id: 4, slug: "other" }]), { stackSlug: " Other " }, "4"],
    ["on a later page", (cloud) => ((cloud.stacks = several), (cloud.pageSize = 1)), { region: "us" }, "2"],
    ["of an organisation whose name is written with capitals", () => undefined, { orgSlug: "Acme" }, "123456"],
    ["with /otlp in the API's answer", (cloud) => void (cloud.otlp.newer = cloud.otlpUrl), {}, "123456"],
    [
      "of the older route where there is no newer",
      (cloud) => void (cloud.otlp = { newer: undefined, older: cloud.server.url }),
      {},
      "123456",
    ],
    [
      "of the older route where the newer knows none",
      (cloud) => void (cloud.otlp = { newer: null, older: cloud.otlpUrl }),
      {},
      "123456",
    ],
  ])("%s", async (_how, change, more, id) => {
    const cloud = await cloudOf(change);
    const { publisher } = openStack(cloud, more);
    publishOne(publisher);
    expect(await publisher.flush()).toMatchObject({ status: "complete", delivered: 1 });
    const user = Buffer.from(cloud.pushed[0]?.headers["authorization"]?.slice(6) ?? "", "base64")
      .toString()
      .split(":")[0];
    expect(user).toBe(id);
  });
});

test("reads as many pages as there are, up to 50", async () => {
  const cloud = await cloudOf((given) => {
    given.stacks = Array.from({ length: 60 }, (_, index) => ({ id: index + 1, slug: `s${index}`, regionSlug: "us" }));
    given.pageSize = 1;
  });
  await openStack(cloud).publisher.check();
  expect(cloud.asked).toHaveLength(50);
  expect(cloud.asked.at(-1)).toBe("GET /orgs/acme/instances?page=50");
});

test("reads a list of stacks of nearly 2 MiB", async () => {
  const cloud = await cloudOf((given) => {
    const description = "x".repeat(4_700);
    const elsewhere = Array.from({ length: 399 }, (_, index) => ({
      id: index + 1,
      slug: `s${index}`,
      regionSlug: "us",
      description,
    }));
    given.stacks = [...elsewhere, { id: 400, slug: "acme" }];
    given.pageSize = 1_000;
  });
  await openStack(cloud).publisher.start();
  expect(cloud.server.bytesSent).toBeGreaterThan(1.8 * 2 ** 20);
});

test("does not take an endpoint on this machine from an API that is elsewhere", async () => {
  const cloud = await cloudOf();
  const clock = createVirtualClock();
  const apiKey = new ApiKey(TOKEN, { publisher: "grafana-cloud", clock });
  const local = new CloudApi({ url: cloud.apiUrl, apiKey, client: new HttpClient(), clock });
  const query = { orgSlug: "acme", region: "eu", stackSlug: undefined };
  const { signal } = new AbortController();
  expect(await lookUpEndpoint(local, query, signal)).toMatchObject({ found: { slug: "acme" } });
  // The same server, as if it had another address.
  const remote = { isLoopback: false, get: local.get.bind(local) } as CloudApi;
  expect(await lookUpEndpoint(remote, query, signal)).toMatchObject({ failure: { code: "discovery-failed" } });
});

const KEY = "(the key says: organisation 4711, region eu)";
const TILE = "give endpoint and instanceId instead, as the stack's OpenTelemetry tile shows them";

describe("says what to put right", () => {
  const ORG = "/orgs/acme/instances";
  test.each<[string, (cloud: FakeCloud) => void, object, code: string, sentence: string]>([
    [
      "no stack at all",
      (cloud) => void (cloud.stacks = []),
      {},
      "stack-unknown",
      "organisation acme has no stack in region eu; check orgSlug, region and stackSlug",
    ],
    [
      "no stack in the region",
      (cloud) =>
        void (cloud.stacks = [
          { id: 1, slug: "a", regionSlug: "us", clusterSlug: "prod-us-central-0" },
          { id: 2, slug: "b", regionSlug: "au", clusterSlug: "au", status: "paused" },
        ]),
      {},
      "stack-unknown",
      "organisation acme has no stack in region eu, but a (us or prod-us-central-0), b (au, paused); check orgSlug, region and stackSlug",
    ],
    [
      "several stacks in the region",
      (cloud) =>
        void (cloud.stacks = [
          { id: 1, slug: "a" },
          { id: 2, slug: "b" },
        ]),
      {},
      "stack-unknown",
      "organisation acme has 2 stacks in region eu: a (eu or prod-eu-west-0), b (eu or prod-eu-west-0); say which one by stackSlug",
    ],
    [
      "more stacks than one message names",
      (cloud) =>
        void (cloud.stacks = Array.from({ length: 12 }, (_, index) => ({ id: index + 1, slug: `s${index + 1}` }))),
      {},
      "stack-unknown",
      `organisation acme has 12 stacks in region eu: ${Array.from({ length: 10 }, (_, index) => `s${index + 1} (eu or prod-eu-west-0)`).join(", ")} and 2 more; say which one by stackSlug`,
    ],
    [
      "a stack of another name",
      (cloud) => void (cloud.stacks = [{ id: 1, slug: "a" }]),
      { stackSlug: "b" },
      "stack-unknown",
      "organisation acme has no stack b in region eu; check orgSlug, region and stackSlug",
    ],
    [
      "a stack that is paused",
      (cloud) => void (cloud.stacks = [{ id: 1, slug: "a", status: "paused" }]),
      {},
      "stack-unknown",
      "no stack of organisation acme in region eu is active: a (eu or prod-eu-west-0, paused); wake it up on grafana.com",
    ],
    [
      "401",
      () => undefined,
      { apiKey: "glc_unknown" },
      "unauthorized",
      "the Cloud API answered 401: the API key is not valid: mistyped, expired or deleted; make a token of an access policy with scopes metrics:write and stacks:read",
    ],
    [
      "403",
      (cloud) => void cloud.api.set(ORG, json(403, { code: "Forbidden", message: "no" })),
      {},
      "forbidden",
      `the Cloud API answered 403: the API key may not look up stacks ${KEY}; add scope stacks:read to its access policy, or ${TILE}`,
    ],
    [
      "403 of the connections",
      (cloud) => void cloud.api.set("/v1/stacks/123456/connections", json(403, { code: 7, message: [] })),
      {},
      "forbidden",
      `the Cloud API answered 403: the API key may not look up stacks ${KEY}; add scope stacks:read to its access policy, or ${TILE}`,
    ],
    [
      "404, with a code that is no string",
      (cloud) => void cloud.api.set(ORG, json(404, { code: 404, message: null, requestId: "x", statusCode: 404 })),
      {},
      "not-found",
      `the Cloud API answered 404: there is no such organisation for this API key ${KEY}; orgSlug is the name in grafana.com/orgs/<name>`,
    ],
    [
      "a redirect",
      (cloud) => void cloud.api.set(ORG, { status: 302, headers: { location: `${cloud.server.url}otlp/elsewhere` } }),
      {},
      "redirected",
      `the Cloud API answered 302: redirects are not followed; ${TILE}`,
    ],
    [
      "500",
      (cloud) => void cloud.api.set(ORG, { status: 500 }),
      {},
      "unavailable",
      `the Cloud API answered 500; ${TILE}`,
    ],
    [
      "429",
      (cloud) => void cloud.api.set(ORG, { status: 429 }),
      {},
      "rate-limited",
      `the Cloud API answered 429: it takes no more requests for now; ${TILE}`,
    ],
    [
      "425",
      (cloud) => void cloud.api.set(ORG, { status: 425 }),
      {},
      "unavailable",
      `the Cloud API answered 425; ${TILE}`,
    ],
    ["418", (cloud) => void cloud.api.set(ORG, { status: 418 }), {}, "rejected", `the Cloud API answered 418; ${TILE}`],
    [
      "HTML",
      (cloud) => void cloud.api.set(ORG, { body: "<html>" }),
      {},
      "discovery-failed",
      `the Cloud API answered 200 with something that cannot be read; check apiUrl, or ${TILE}`,
    ],
    [
      "a list that is none",
      (cloud) => void cloud.api.set(ORG, json(200, { items: {} })),
      {},
      "discovery-failed",
      `the Cloud API gave the list of stacks in a form that cannot be read; check apiUrl, or ${TILE}`,
    ],
    [
      "a body without end",
      (cloud) => void cloud.api.set(ORG, { fault: "endless-body" }),
      {},
      "discovery-failed",
      `the Cloud API answered 200 with something that cannot be read; check apiUrl, or ${TILE}`,
    ],
    [
      "a connection that is reset",
      (cloud) => void cloud.api.set(ORG, { fault: "reset" }),
      {},
      "broken-off",
      "the Cloud API {host} closed the connection before it answered (ECONNRESET); if it is always so, check its scheme (http or https) and its port",
    ],
    [
      "no endpoint on either route",
      (cloud) => void (cloud.otlp = { newer: null, older: null }),
      {},
      "endpoint-unknown",
      `the Cloud API knows no OTLP endpoint of stack acme; wait if the stack is new, or ${TILE}`,
    ],
    [
      "an endpoint without TLS",
      (cloud) => void (cloud.otlp.newer = "http://gateway.example/otlp"),
      {},
      "discovery-failed",
      `the Cloud API gave the OTLP endpoint of stack acme in a form that cannot be read; check apiUrl, or ${TILE}`,
    ],
    [
      "no answer",
      (cloud) => void cloud.api.set(ORG, { fault: "hang" }),
      { sendTimeoutMs: 50 },
      "timeout",
      "the Cloud API {host} did not answer in time; check its host and port, and what stands between",
    ],
  ])("about %s", async (_what, change, more, code, words) => {
    const cloud = await cloudOf(change);
    const sentence = words.replace("{host}", new URL(cloud.apiUrl).host);
    const { publisher, error } = openStack(cloud, more);
    const { message, hint, ...report } = await publisher.check();
    const text = [message, hint].filter((part) => part !== undefined).join("; ");
    expect({ ...report, text }).toEqual({
      ok: false,
      code,
      text: `grafana-cloud: ${sentence}`,
    });
    await expect(publisher.start()).rejects.toMatchObject({
      code: "start-failed",
      retryable: true,
      message: `grafana-cloud: ${sentence}`,
    });
    publishOne(publisher);
    expect(await error()).toMatchObject({ code: "start-failed", message: `grafana-cloud: ${sentence}` });
    expect(await publisher.close({ timeoutMs: 0 })).toMatchObject({ received: 1, dropped: 1 });
    expect(cloud.pushed).toEqual([]);
  });
});

test("keeps everything while the key lacks its scope, asks every 30 s at most, warns once, and goes on by itself", async () => {
  const cloud = await cloudOf((given) => void given.api.set("/orgs/acme/instances", { status: 403 }));
  const clock = countRequests(createVirtualClock());
  const { publisher, errors } = openStack(cloud, { clock, sendTimeoutMs: REQUEST_TIMEOUT_MS });
  publisher.publishEventMetrics({ eventName: "a", taskId: 1, startTime: clock.now(), endTime: clock.now() });
  await cloud.server.received(1);
  await clock.answered();
  let before = 1;
  let steps = 0;
  for (; steps < 100 && cloud.asked.length < 10; steps += 1) {
    // oxlint-disable-next-line no-await-in-loop -- time passes step by step
    await pass(clock, 10_000);
    expect(cloud.asked.length - before).toBeLessThanOrEqual(1);
    before = cloud.asked.length;
  }
  expect(cloud.asked).toHaveLength(10);
  expect(cloud.asked.length).toBeLessThanOrEqual(2 + steps / 3);
  expect(errors.map(({ code }) => code)).toEqual(["start-failed", "held"]);
  expect(publisher.health()).toMatchObject({ state: "failing", pending: 1, dropped: 0 });

  cloud.api.clear();
  const flushed = publisher.flush({ timeoutMs: 10_000_000 });
  // oxlint-disable-next-line no-await-in-loop -- time passes step by step
  for (let step = 0; step < 100 && publisher.health().pending > 0; step += 1) await pass(clock, 10_000);
  expect(await flushed).toMatchObject({ status: "complete", delivered: 1, dropped: 0 });
});

/** Unlike any other time here, so that a timer of this length is that of a request. */
const REQUEST_TIMEOUT_MS = 599_999;

interface RequestClock extends VirtualClock {
  /** Resolves when no request is under way; rejects after 10 s of real time. */
  answered(): Promise<void>;
}

/** Watches the timeouts of requests: one is under way as long as its timeout runs. */
function countRequests(clock: VirtualClock): RequestClock {
  const underWay = new Set<object>();
  return {
    ...clock,
    get pendingTimers() {
      return clock.pendingTimers;
    },
    setTimeout(run, ms) {
      const timer = clock.setTimeout(run, ms);
      if (ms !== REQUEST_TIMEOUT_MS) return timer;
      underWay.add(timer);
      return {
        cancel() {
          underWay.delete(timer);
          timer.cancel();
        },
      };
    },
    async answered() {
      const deadline = performance.now() + 10_000;
      while (underWay.size > 0) {
        if (performance.now() > deadline) throw new Error("a request is under way for longer than 10 s");
        // oxlint-disable-next-line no-await-in-loop -- until the answer is in
        await setImmediate();
      }
    },
  };
}

/** Lets time pass, and what it caused be answered by the real server. */
async function pass(clock: RequestClock, ms: number): Promise<void> {
  await clock.advance(ms);
  await clock.answered();
}

describe("looks the endpoint up again, once, when it seems to have moved", () => {
  test.each([404, 530])("after a %i", async (status) => {
    const cloud = await cloudOf((given) => void (given.gateway = [{}, { status }, {}]));
    const { publisher, errors } = openStack(cloud);
    for (const name of ["a", "b"]) {
      publishOne(publisher, name);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await publisher.flush()).toMatchObject({ status: "complete", pending: 0 });
    }
    expect(cloud.asked).toHaveLength(4);
    expect(cloud.pushed).toHaveLength(3);
    expect(errors).toEqual([]);
  });

  test("after its host is gone from the DNS", async () => {
    const cloud = await cloudOf();
    let reads = 0;
    cloud.otlp = {
      get newer() {
        reads += 1;
        return reads === 1 ? `https://${NO_HOST}/otlp` : cloud.server.url;
      },
      older: null,
    };
    const { publisher, errors } = openStack(cloud);
    publishOne(publisher);
    expect(await publisher.flush()).toMatchObject({ status: "complete", delivered: 1 });
    expect(errors).toEqual([]);
  });

  test("as often as it moves and works in between", async () => {
    const cloud = await cloudOf((given) => void (given.gateway = [{ status: 404 }, {}, { status: 404 }, {}]));
    const { publisher, errors } = openStack(cloud);
    for (const name of ["a", "b"]) {
      publishOne(publisher, name);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await publisher.flush()).toMatchObject({ status: "complete", pending: 0 });
    }
    expect(cloud.asked).toHaveLength(6);
    expect(errors).toEqual([]);
  });

  test("and keeps the records if that does not help", async () => {
    const cloud = await cloudOf((given) => void (given.gateway = Array.from({ length: 9 }, () => ({ status: 404 }))));
    const { publisher, error } = openStack(cloud);
    publishOne(publisher);
    void publisher.flush({ timeoutMs: 100 });
    expect(await error()).toMatchObject({ code: "held" });
    expect(cloud.asked).toHaveLength(4);
    expect(cloud.pushed).toHaveLength(2);
    expect((await publisher.check()).code).toBe("not-found");
    expect(cloud.asked).toHaveLength(4);
  });
});

test("does not ask again at once for what a person has to put right", async () => {
  const cloud = await cloudOf((given) => void given.api.set("/orgs/acme/instances", { status: 403 }));
  const { publisher, error } = openStack(cloud);
  publishOne(publisher);
  expect((await error()).code).toBe("start-failed");
  void publisher.flush({ timeoutMs: 100 });
  expect((await error(1)).code).toBe("held");
  expect(cloud.asked).toHaveLength(1);
  expect((await publisher.check()).code).toBe("forbidden");
  expect(cloud.asked).toHaveLength(2);
});

test("looks up again at once when start() is called after a failure", async () => {
  const cloud = await cloudOf((given) => void given.api.set("/orgs/acme/instances", { status: 403 }));
  const { publisher } = openStack(cloud);
  await expect(publisher.start()).rejects.toMatchObject({ code: "start-failed" });
  cloud.api.clear();
  await publisher.start();
  expect(cloud.asked).toHaveLength(3);
});

test("ends the search of a start() when it closes", async () => {
  const cloud = await cloudOf((given) => void given.api.set("/orgs/acme/instances", { fault: "hang" }));
  const { publisher } = openStack(cloud);
  const started = expect(publisher.start()).rejects.toMatchObject({ code: "start-failed" });
  await cloud.server.received(1);
  await publisher.close();
  await expect.poll(() => cloud.server.open).toBe(0);
  await started;
});

test("closes in the middle of a search", async () => {
  const cloud = await cloudOf((given) => void given.api.set("/orgs/acme/instances", { fault: "hang" }));
  const { publisher, errors } = openStack(cloud);
  publishOne(publisher);
  await cloud.server.received(1);
  expect(await publisher.close({ timeoutMs: 20 })).toMatchObject({ status: "timeout", dropped: 1, pending: 0 });
  await expect(publisher.start()).rejects.toMatchObject({ code: "start-failed" });
  expect(await publisher.check()).toEqual({ ok: false, code: "closed", message: "grafana-cloud: it is closed" });
  expect(cloud.asked).toHaveLength(1);
  expect(errors.map(({ code }) => code)).toEqual(["record-dropped"]);
});

test("does not search twice as long for one request when the Cloud API is silent", async () => {
  const cloud = await cloudOf((given) => void given.api.set("/orgs/acme/instances", { fault: "hang" }));
  const { publisher, error } = openStack(cloud, { sendTimeoutMs: 100 });
  publishOne(publisher);
  void publisher.flush({ timeoutMs: 0 });
  expect(await error()).toMatchObject({ code: "start-failed" });
  expect(await error(1)).toMatchObject({ code: "send-failed" });
  expect(cloud.asked).toHaveLength(1);
});

test("searches again by itself soon after the Cloud API was out of order", async () => {
  const cloud = await cloudOf((given) => void given.api.set("/orgs/acme/instances", { status: 503 }));
  const { publisher, error } = openStack(cloud);
  publishOne(publisher);
  const flushed = publisher.flush();
  await error(1);
  cloud.api.clear();
  expect(await flushed).toMatchObject({ status: "complete", delivered: 1 });
});
