import { HttpConnection } from "@elastic/elasticsearch";
import { describe, expect, test } from "vitest";
import { openFakeElasticsearch } from "./fake-elasticsearch.ts";
import { eventually, openPublisher, until } from "./publisher-harness.ts";

const ALL = { write: true, manageTemplates: true, monitor: true };
const basic = (password: string): string => `Basic ${Buffer.from(`eve:${password}`).toString("base64")}`;

test.each([
  ["an API key", { apiKey: " \r\na2V5\n" }, "ApiKey a2V5"],
  ["a token", { bearer: "token\n" }, "Bearer token"],
  ["a password", { username: "eve", password: " p w\r\n" }, basic(" p w")],
])("what a file has around %s is left out", async (_, auth, header) => {
  await using server = await openFakeElasticsearch({ keys: { [header]: ALL } });
  const texts = openPublisher({ hosts: [server.url], auth });
  texts.publish("a");
  expect(await texts.publisher.flush()).toMatchObject({ delivered: 1 });
  const lazy = Object.fromEntries(Object.entries(auth).map(([name, text]) => [name, () => text]));
  const functions = openPublisher({ hosts: [server.url], auth: { ...auth, ...lazy, ...usernameOf(auth) } });
  functions.publish("b");
  expect(await functions.publisher.flush()).toMatchObject({ delivered: 1 });
});

function usernameOf(auth: object): object {
  return "username" in auth ? { username: auth.username } : {};
}

describe.each([
  ["the default connection", {}],
  ["node:http", { clientOptions: { Connection: HttpConnection } }],
])("a key that changes, over %s,", (_, options) => {
  test("is read once, again after a 401, and no record waits", async () => {
    const keys: Record<string, typeof ALL> = { "ApiKey b25l": ALL };
    await using server = await openFakeElasticsearch({ keys });
    let current = "b25l";
    let calls = 0;
    const apiKey = (): string => {
      calls += 1;
      return current;
    };
    const { publisher, publish, errors } = openPublisher({ hosts: [server.url], auth: { apiKey }, ...options });
    publish("a");
    expect(await publisher.flush()).toMatchObject({ delivered: 1 });
    expect(calls).toBe(1);
    current = "dHdv";
    delete keys["ApiKey b25l"];
    keys["ApiKey dHdv"] = ALL;
    publish("b");
    expect(await publisher.flush()).toMatchObject({ delivered: 2 });
    expect(calls).toBe(2);
    expect(errors).toEqual([]);
    expect(server.bulks).toHaveLength(3);
  });

  test("and is still rejected holds the records; a retry reads it again", async () => {
    const keys: Record<string, typeof ALL> = { "ApiKey b25l": ALL };
    await using server = await openFakeElasticsearch({ keys });
    let current = "b25l";
    const { publisher, publish, errors, clock } = openPublisher({
      hosts: [server.url],
      auth: { apiKey: async () => await Promise.resolve(current) },
      ...options,
    });
    await publisher.start();
    delete keys["ApiKey b25l"];
    publish("a");
    void publisher.flush();
    await until(() => errors.length > 0);
    expect(errors).toMatchObject([{ code: "held", message: expect.stringContaining("check auth") }]);
    // One request with the key that was not changed, and none again with it.
    expect(server.bulks).toHaveLength(1);
    current = "dHdv";
    keys["ApiKey dHdv"] = ALL;
    await eventually({ clock }, () => publisher.health().delivered === 1);
  });
});

test.each([
  [
    "throws",
    (): string => {
      throw Object.assign(new Error("hunter2"), { code: "EACCES" });
    },
    "auth.apiKey: the function failed (EACCES)",
  ],
  [
    "returns no key",
    (): string => "hunter2 hunter2",
    "auth.apiKey: the function returned an invalid value: expected an API key",
  ],
] as const)(
  "a function that %s fails the start and the check with the reason, and is called again",
  async (_, apiKey, text) => {
    await using server = await openFakeElasticsearch({ keys: { "ApiKey b25l": ALL } });
    let isBroken = true;
    const { publisher, publish, errors, clock } = openPublisher({
      hosts: [server.url],
      auth: { apiKey: (): string => (isBroken ? apiKey() : "b25l") },
    });
    const report = await publisher.check();
    expect(report).toMatchObject({ ok: false, code: "credentials-failed", message: expect.stringContaining(text) });
    await expect(publisher.start()).rejects.toMatchObject({
      code: "start-failed",
      retryable: true,
      message: expect.stringContaining(text),
    });
    expect(server.requests).toHaveLength(0);
    expect(JSON.stringify([report, errors])).not.toContain("hunter2");
    isBroken = false;
    publish("a");
    await eventually({ clock }, () => publisher.health().delivered === 1);
  },
);

test("a function that returns nothing ends with the time of a request", async () => {
  await using server = await openFakeElasticsearch();
  const { publisher, clock } = openPublisher({
    hosts: [server.url],
    auth: { bearer: () => new Promise<string>(() => undefined) },
  });
  const checking = publisher.check({ timeoutMs: 60_000 });
  await clock.advance(10_000);
  expect(await checking).toMatchObject({
    code: "credentials-failed",
    message: expect.stringContaining("returned no secret within 10000 ms"),
  });
});
