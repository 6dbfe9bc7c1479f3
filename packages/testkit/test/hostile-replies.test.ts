import { createPrivateKey, X509Certificate } from "node:crypto";
import { brotliCompressSync, brotliDecompressSync, deflateSync, gunzipSync, gzipSync } from "node:zlib";
import {
  createFaultServer,
  echoOf,
  type FaultReply,
  type FaultRequest,
  findSecrets,
  hostileReplies,
  type HostileReply,
  localhostTls,
} from "@eventmeter/testkit";
import { describe, expect, test } from "vitest";

const secrets = { password: "Canary-Password-1q9z", tenant: "Canary-Header-9y6n", payload: "Canary-Task-5d1x" };
const REQUEST: FaultRequest = {
  method: "POST",
  path: "/push",
  headers: {
    authorization: `Basic ${Buffer.from(`eve:${secrets.password}`).toString("base64")}`,
    "x-tenant": secrets.tenant,
    "content-encoding": "gzip",
  },
  body: gzipSync(JSON.stringify({ taskId: secrets.payload })),
  onConnection: 1,
};
const options = {
  contentType: "application/x-example",
  headers: { "x-backend": "example" },
  credentials: ["authorization", "x-tenant"],
  forms: {
    "an error of its own": (request: FaultRequest, status: number) => ({
      status: 200,
      body: `${status} ${echoOf(request)}`,
    }),
  },
};
const every = hostileReplies(options);

async function replyOf({ script }: HostileReply, request = REQUEST): Promise<FaultReply> {
  return typeof script === "function" ? script(request, 0) : (script as FaultReply);
}

const named = (name: string): HostileReply => {
  const found = every.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no reply "${name}"`);
  return found;
};

test("gives each reply a name of its own", () => {
  expect(new Set(every.map(({ name }) => name)).size).toBe(every.length);
});

test("says which replies repeat what was sent, and these do", async () => {
  for (const each of every) {
    const reply = await replyOf(each);
    const shown = findSecrets(reply, secrets);
    expect(shown.length > 0, each.name).toBe(each.echoes);
    // A header has no room for a body.
    if (each.echoes) expect(shown, each.name).toEqual(expect.arrayContaining(["password", "tenant"]));
    if (/ with (?:text|HTML|JSON|an error)/.test(each.name)) expect(shown, each.name).toContain("payload");
  }
});

test("asks with every status in every form, a backend's own included", async () => {
  const forms = ["text", "HTML", "JSON", "headers", "a content type and encoding", "an error of its own"];
  for (const status of [200, 400, 401, 403, 404, 408, 413, 422, 429, 500, 503, 530])
    for (const form of forms) expect(await replyOf(named(`${status} with ${form}`))).toMatchObject({ status });
  expect((await replyOf(named("429 with an error of its own"))).body).toMatch(/^429 POST \/push\n/);
});

test.each([
  "200 with text",
  "500 with JSON",
  "200 with headers",
  "307 with the credentials in its Location",
  "200 with a bomb in br",
])("looks like the backend: %s", async (name) => {
  expect((await replyOf(named(name))).headers).toMatchObject(options.headers);
});

test("has the content type of the backend where the body is none of its own", async () => {
  for (const name of ["500 with a bomb in gzip", "endless-body in the backend's name"])
    expect((await replyOf(named(name))).headers).toMatchObject({ "content-type": "application/x-example" });
});

test("repeats the credentials in every header that a client may look at", async () => {
  const { headers = {} } = await replyOf(named("401 with headers"));
  const places = [
    "warning",
    "www-authenticate",
    "retry-after",
    "set-cookie",
    "content-type",
    "x-request-id",
    "x-trace-id",
  ];
  expect(Object.keys(headers)).toEqual(expect.arrayContaining(places));
  for (const place of places) expect(findSecrets(headers[place], secrets), place).toContain("password");
  for (const place of ["warning", "set-cookie"])
    expect(findSecrets(headers[place], secrets), place).toContain("tenant");
});

test("redirects with every status of a redirect, with the credentials in clear", async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    const { headers } = await replyOf(named(`${status} with the credentials in its Location`));
    const { searchParams } = new URL(String(headers?.["location"]));
    expect(searchParams.get("authorization")).toBe(REQUEST.headers["authorization"]);
    expect(searchParams.get("x-tenant")).toBe(secrets.tenant);
  }
});

test.each([
  ["gzip", gunzipSync],
  ["br", brotliDecompressSync],
  ["gzip, gzip", (body: Uint8Array) => gunzipSync(gunzipSync(body))],
] as const)("has a small body that unpacks to 16 MiB in %s", async (encoding, unpack) => {
  const { body, headers } = await replyOf(named(`200 with a bomb in ${encoding}`));
  expect(headers).toMatchObject({ "content-encoding": encoding });
  expect(body?.length).toBeLessThan(20_000);
  expect(unpack(body as Uint8Array)).toHaveLength(16 * 2 ** 20);
});

test("breaks a connection in every way that the server knows", async () => {
  const broken = await Promise.all(every.map((each) => replyOf(each)));
  const faults = ["hang", "stall", "drip", "reset", "reset-in-headers", "reset-after-headers", "cut-body"];
  expect(new Set(broken.map(({ fault }) => fault))).toEqual(
    new Set([...faults, "reset-on-reuse", "flood", "endless-body", "early", "garbage", undefined]),
  );
});

test("needs no options, and no credentials in the request", async () => {
  const plain = hostileReplies();
  expect(plain).toHaveLength(every.length - 18);
  for (const each of plain) await replyOf(each, { ...REQUEST, headers: {} });
  await using server = await createFaultServer(plain.find(({ name }) => name === "401 with headers")?.script);
  const response = await fetch(server.url, { headers: { authorization: "Bearer x" } });
  expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, "Bearer x"]);
});

describe("an echo", () => {
  const taskId = secrets.payload;
  test.each([
    ["gzip", gzipSync(taskId)],
    ["deflate", deflateSync(taskId)],
    ["br", brotliCompressSync(taskId)],
    ["identity", Buffer.from(taskId)],
    ["constructor", Buffer.from(taskId)],
  ])("has the body unpacked: %s", (encoding, body) => {
    expect(echoOf({ ...REQUEST, headers: { "content-encoding": encoding }, body })).toContain(taskId);
  });

  test("has a body that cannot be unpacked as it is", () => {
    expect(echoOf({ ...REQUEST, body: Buffer.from(taskId) })).toContain(taskId);
  });

  test.each(["authorization", "proxy-authorization"])("has the credentials of %s in clear", (name) => {
    const value = REQUEST.headers["authorization"] ?? "";
    expect(echoOf({ ...REQUEST, headers: { [name]: value } })).toContain(`eve:${secrets.password}`);
  });
});

test("the key of localhost is that of its certificate, which is good for long", () => {
  const certificate = new X509Certificate(localhostTls.cert);
  expect(certificate.checkPrivateKey(createPrivateKey(localhostTls.key))).toBe(true);
  expect([certificate.checkHost("localhost"), certificate.checkIP("127.0.0.1")]).toEqual(["localhost", "127.0.0.1"]);
  expect(certificate.validToDate.getUTCFullYear()).toBe(2126);
});
