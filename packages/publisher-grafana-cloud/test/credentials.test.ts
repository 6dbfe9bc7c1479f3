import { inspect } from "node:util";
import { GrafanaCloudPublisher } from "@eventmeter/publisher-grafana-cloud";
import { createFaultServer, type FaultServer } from "@eventmeter/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { openCloud, TOKEN } from "./fake-cloud.ts";
import { open, publishOne } from "./publisher-harness.ts";

/** Opens a server that takes one authorization at a time. */
async function serve(accepted: { current: string }): Promise<FaultServer> {
  const server = await createFaultServer(({ headers }) => ({
    status: headers["authorization"] === accepted.current ? 200 : 401,
  }));
  onTestFinished(() => server.close());
  return server;
}

const basic = (key: string): string => `Basic ${Buffer.from(`1:${key}`).toString("base64")}`;

/** Returns the given keys one after the other, then the last one; counts the calls. */
function keys(...list: readonly string[]): { (): string; calls: number } {
  const next = (): string => {
    next.calls += 1;
    return list[Math.min(next.calls, list.length) - 1] as string;
  };
  next.calls = 0;
  return next;
}

describe.each([
  ["synchronous", (key: () => string) => key],
  ["asynchronous", (key: () => string) => () => Promise.resolve().then(key)],
] as const)("a key that is a %s function", (_kind, wrap) => {
  test("is called once, and again after a 401, whose request is sent again at once", async () => {
    const accepted = { current: basic("glc_one") };
    const server = await serve(accepted);
    const apiKey = keys("glc_one", " glc_two\n");
    const { publisher, errors } = open({ endpoint: server.url, instanceId: 1, apiKey: wrap(apiKey) });
    for (const name of ["a", "b"]) {
      publishOne(publisher, name);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await publisher.flush()).toMatchObject({ status: "complete" });
    }
    expect(apiKey.calls).toBe(1);
    accepted.current = basic("glc_two");
    publishOne(publisher, "c");
    expect(await publisher.flush()).toMatchObject({ status: "complete", delivered: 3 });
    expect(apiKey.calls).toBe(2);
    expect(server.requests).toHaveLength(4);
    expect(errors).toEqual([]);
  });
});

test("a key that stays rejected is held, and called for again with each probe", async () => {
  const server = await serve({ current: "nobody" });
  const apiKey = keys("glc_one", "glc_two", "glc_three");
  const { publisher, error } = open({ endpoint: server.url, instanceId: 1, apiKey });
  publishOne(publisher);
  void publisher.flush({ timeoutMs: 100 });
  expect(await error()).toMatchObject({ code: "held" });
  expect([apiKey.calls, server.requests.length]).toEqual([2, 2]);
  expect(await publisher.check()).toMatchObject({ ok: false, code: "unauthorized" });
  // The fourth call returns the third key again, which is not sent a second time.
  expect([apiKey.calls, server.requests.length]).toEqual([4, 3]);
});

test("a key that is a text is sent once for each 401", async () => {
  const server = await serve({ current: "nobody" });
  const { publisher } = open({ endpoint: server.url, instanceId: 1, apiKey: "glc_one" });
  await publisher.check();
  expect(server.requests).toHaveLength(1);
});

test("the header of a receiver can be a function, beside others that are texts", async () => {
  const accepted = { current: "Bearer one" };
  const server = await serve(accepted);
  const token = keys("Bearer one", "Bearer two");
  const { publisher } = open({ endpoint: server.url, headers: { authorization: token, "x-scope-orgid": "acme" } });
  expect(await publisher.check()).toMatchObject({ ok: true });
  accepted.current = "Bearer two";
  expect(await publisher.check()).toMatchObject({ ok: true });
  expect(server.requests.map(({ headers }) => headers["x-scope-orgid"])).toEqual(["acme", "acme", "acme"]);
});

test("the Cloud API and the stack share a key that is a function", async () => {
  await using cloud = await openCloud();
  const apiKey = keys(`${TOKEN.slice(0, -8)}x`, TOKEN);
  const { publisher } = open({ orgSlug: "acme", region: "eu", apiKey, apiUrl: cloud.apiUrl });
  publishOne(publisher);
  expect(await publisher.flush()).toMatchObject({ status: "complete" });
  expect(apiKey.calls).toBe(2);
});

test.each<[string, () => unknown, string]>([
  [
    "throws",
    () => {
      throw Object.assign(new Error("canary-secret"), { code: "EACCES" });
    },
    "apiKey: the function failed (EACCES)",
  ],
  ["rejects", () => Promise.reject(new Error("canary-secret")), "apiKey: the function failed"],
  [
    "returns nothing",
    () => undefined,
    "apiKey: the function returned an invalid value: expected a non-empty string, got undefined",
  ],
  [
    "returns a header",
    () => "Bearer canary-secret",
    "apiKey: the function returned an invalid value: expected the token alone",
  ],
])("a function that %s is a failure, and the records wait", async (_what, apiKey, sentence) => {
  const server = await serve({ current: basic("glc_one") });
  let isBroken = true;
  const { publisher, error, errors } = open({
    endpoint: server.url,
    instanceId: 1,
    apiKey: () => (isBroken ? (apiKey() as string) : "glc_one"),
  });
  expect(await publisher.check()).toMatchObject({ ok: false, code: "credentials-failed" });
  publishOne(publisher);
  const flushing = publisher.flush({ timeoutMs: 10_000 });
  const { code, message } = await error();
  expect(code).toBe("send-failed");
  expect(message).toMatch(`grafana-cloud: ${sentence}`);
  isBroken = false;
  expect(await flushing).toMatchObject({ status: "complete", delivered: 1, dropped: 0 });
  expect(inspect([errors, publisher.health()], { depth: Infinity, showHidden: true })).not.toContain("canary");
});

test("a function that never returns does not hold a check longer than its time", async () => {
  const apiKey = (): Promise<string> => new Promise(() => undefined);
  const { publisher } = open({ endpoint: "http://localhost:4318", instanceId: 1, apiKey });
  expect(await publisher.check({ timeoutMs: 50 })).toMatchObject({ ok: false, code: "timeout" });
});

test("neither a key nor a header is called for at construction, and none is shown", async () => {
  const secret = (): string => expect.fail("called");
  const publishers = [
    new GrafanaCloudPublisher({ endpoint: "http://localhost:4318", headers: { authorization: secret } }),
    new GrafanaCloudPublisher({ endpoint: "http://localhost:4318", instanceId: 1, apiKey: secret }),
  ];
  for (const publisher of publishers)
    expect(inspect(publisher, { depth: Infinity, showHidden: true })).not.toContain("expect.fail");
});
