import { Client as Client9, HttpConnection } from "@elastic/elasticsearch";
import type { MetricsPublisher } from "@eventmeter/core";
import { ElasticsearchPublisher, type ElasticsearchPublisherOptions } from "@eventmeter/publisher-elasticsearch";
import {
  canaryRecords,
  collectOutput,
  createFaultServer,
  type FaultRequest,
  findLeaks,
  findSecrets,
  type HostileReply,
} from "@eventmeter/testkit";
import { Client as Client8 } from "elasticsearch-8";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  createLeakyPublisher,
  expectSecretFreeRejection,
  faultsOfAll,
  sendToEach,
  unsentSecrets,
} from "../../../test/secrets.ts";
import { takeWarnings } from "../../../test/warnings.ts";
import { hostileCases, onceStarted } from "./hostile-replies.ts";

const { resource, values: payloads } = canaryRecords;
const credentials = {
  password: "Canary pass:word 1q9z",
  apiKey: Buffer.from("key-id:Canary-Key-3w7x").toString("base64"),
  apiKeyPart: "Canary-Part-6e2c",
  bearer: "Canary.Bearer-8r4v",
  userinfo: "Canary-Userinfo-5t1b",
  header: "Canary-Header-9y6n",
  proxy: "Canary-Proxy-2u8m",
  tlsKey: "Canary-TLS-key-4i3k",
  tlsPassphrase: "Canary-TLS-passphrase-7o5j",
  tlsAuthority: "Canary-TLS-authority-1p2h",
} as const;
const secrets = { ...credentials, ...payloads };

const { apiKey, apiKeyPart, bearer, header, password, proxy, tlsAuthority, tlsKey, tlsPassphrase } = credentials;
const tls = { key: tlsKey, passphrase: tlsPassphrase };
const headers = { "x-tenant": header };
const withUserinfo = (url: string): string => url.replace("//", `//eve:${credentials.userinfo}@`);

type Way = readonly [
  title: string,
  /** What a server gets to see of them in any case. */
  seen: readonly string[],
  options: (url: string) => ElasticsearchPublisherOptions,
];

const visible = (credential: keyof typeof credentials): readonly string[] => [
  credential,
  "header",
  ...Object.keys(payloads),
];
const byParts = { auth: { apiKey: { id: "key-id", api_key: apiKeyPart } }, headers };

/** Ways to give credentials. */
const WAYS: readonly Way[] = [
  [
    "a password",
    visible("password"),
    (url) => ({ hosts: [url], auth: { username: "eve", password }, clientOptions: { headers, tls } }),
  ],
  [
    "an API key",
    visible("apiKey"),
    (url) => ({ hosts: [url], auth: { apiKey }, clientOptions: { headers, tls, Connection: HttpConnection } }),
  ],
  ["a bearer token", visible("bearer"), (url) => ({ hosts: [url], auth: { bearer }, clientOptions: { headers, tls } })],
  [
    "a proxy",
    ["proxy"],
    (url) => ({
      hosts: ["http://elasticsearch.example:9200"],
      auth: { bearer },
      clientOptions: { headers, Connection: HttpConnection, proxy: url.replace("//", `//eve:${proxy}@`) },
    }),
  ],
  [
    "a client 9 with the parts of an API key",
    visible("apiKeyPart"),
    (node) => ({ client: opened(new Client9({ node, ...byParts })) }),
  ],
  [
    "a client 8 with the parts of an API key",
    visible("apiKeyPart"),
    (node) => ({ client: opened(new Client8({ node, ...byParts })) }),
  ],
  [
    "a client 8 with credentials in its address",
    visible("userinfo"),
    (url) => ({ client: opened(new Client8({ node: withUserinfo(url), headers })) }),
  ],
];

function opened<Client extends { close(): Promise<unknown> }>(client: Client): Client {
  onTestFinished(() => void client.close());
  return client;
}

/** Returns where a publisher shows which secret, what it dropped included, and what it gave to `onError`. */
async function leaksOf(
  create: (listeners: Pick<ElasticsearchPublisherOptions, "onError" | "onDiagnostic" | "onDrop">) => MetricsPublisher,
): Promise<{ readonly leaks: readonly string[]; readonly errors: readonly unknown[] }> {
  const onDrop: string[] = [];
  // The bytes of a dropped record are the record itself, for a program that keeps what was given up.
  const output = await collectOutput((listeners) =>
    create({ ...listeners, onDrop: ({ reason }) => onDrop.push(reason) }),
  );
  return { leaks: findLeaks({ ...output, onDrop }, secrets), errors: output.onError };
}

async function meet({ name, script, echoes }: HostileReply, [way, seen, options]: Way): Promise<readonly string[]> {
  const shown: string[] = [];
  const requests: FaultRequest[] = [];
  for (const templates of [false, true]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await using server = await createFaultServer(onceStarted(script));
    const more = { resource, templates, sendTimeoutMs: echoes ? 5_000 : 100 };
    // oxlint-disable-next-line no-await-in-loop
    const { leaks } = await leaksOf(
      (listeners) => new ElasticsearchPublisher({ ...options(server.url), ...listeners, ...more }),
    );
    shown.push(...leaks);
    requests.push(...server.requests);
  }
  return [...shown, ...unsentSecrets(echoes ? seen : [], requests, secrets)].map(
    (fault) => `${name}, ${way}: ${fault}`,
  );
}

describe.each(WAYS)("nobody is told a secret with %s", (...way) => {
  test("whatever the server answers", async () => {
    expect(await faultsOfAll(hostileCases, (reply) => meet(reply, way))).toEqual([]);
  });
});

test("a warning in place of onError tells none", async () => {
  const replies = hostileCases.filter(({ name }) => /^40[013] with an error/.test(name));
  await sendToEach(
    replies.map(({ script }) => onceStarted(script)),
    (url) => new ElasticsearchPublisher({ hosts: [url], auth: { bearer }, templates: false }),
    2,
  );
  const warnings = await takeWarnings();
  expect(warnings.length).toBeGreaterThanOrEqual(6);
  expect(findSecrets(warnings, secrets)).toEqual([]);
});

describe("a connection that is never made tells none", () => {
  const address = "https://127.0.0.1:9";
  test.each<[string, ElasticsearchPublisherOptions]>([
    ["nobody listens", { hosts: [address], auth: { apiKey } }],
    ["the authority is no certificate", { hosts: [address], clientOptions: { tls: { ca: tlsAuthority } } }],
    ["the key is none", { hosts: [address], clientOptions: { tls: { key: tlsKey, passphrase: tlsPassphrase } } }],
    ["the proxy is of a client that takes none", { hosts: [address], clientOptions: { proxy: `http://u:${proxy}@x` } }],
    [
      "the proxy is no address",
      { hosts: [address], clientOptions: { proxy: `${proxy}:x`, Connection: HttpConnection } },
    ],
    ["a client has an address with credentials", { client: new Client9({ node: withUserinfo(address) }) }],
  ])("when %s", async (_, options) => {
    for (const templates of [false, true]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { leaks, errors } = await leaksOf(
        (listeners) => new ElasticsearchPublisher({ ...options, ...listeners, templates }),
      );
      expect(errors).not.toEqual([]);
      expect(leaks).toEqual([]);
    }
  });
});

describe("options are rejected without being repeated:", () => {
  const hosts = ["http://127.0.0.1:9200"];
  test.each<[string, object]>([
    ["credentials in an address", { hosts: [withUserinfo("http://127.0.0.1:9200")] }],
    ["an address with a line end", { hosts: [`http://127.0.0.1:9200/\r\nx: ${header}`] }],
    ["an address that is none", { hosts: [`http://[::bad${header}`] }],
    ["an address of another scheme", { hosts: [`file:///${header}`] }],
    ["the parts of an API key", { hosts, auth: { apiKey: { id: "key-id", api_key: apiKeyPart } } }],
    ["an API key with a line end", { hosts, auth: { apiKey: `${apiKey}\nx: y` } }],
    ["a bearer token with a line end", { hosts, auth: { bearer: `${bearer}\r\nx: y` } }],
    ["a password with a line end", { hosts, auth: { username: "eve", password: `${password}\n\n` } }],
    ["a password without a user", { hosts, auth: { password } }],
    ["credentials that are a text", { hosts, auth: password }],
    ["credentials beside a client", { client: {}, auth: { bearer } }],
    ["credentials among the options of the client", { hosts, clientOptions: { auth: { username: "eve", password } } }],
    ["a header with a line end", { hosts, clientOptions: { headers: { "x-tenant": `${header}\r\nx: y` } } }],
    [
      "a header of two texts with a line end",
      { hosts, clientOptions: { headers: { "x-tenant": ["a", `${header}\n`] } } },
    ],
    ["a name of a header with a line end", { hosts, clientOptions: { headers: { [`x\n${header}`]: "y" } } }],
    ["headers that are a text", { hosts, clientOptions: { headers: `x-tenant: ${header}` } }],
  ])("%s", (_, options) => {
    expectSecretFreeRejection(() => new ElasticsearchPublisher(options), "elasticsearch", secrets);
  });
});

test("what a publisher gives away is found, by every way that it has", async () => {
  const { leaks } = await leaksOf((listeners) => {
    listeners.onDrop?.({ countedAs: "rejected", reason: payloads.errorMessage, bytes: new Uint8Array() });
    const told = { error: password, check: apiKey, start: bearer, health: proxy, name: header };
    return createLeakyPublisher(listeners, told);
  });
  expect([...leaks, ...findLeaks({ warnings: await takeWarnings() }, secrets)]).toEqual(
    expect.arrayContaining([
      "onError: password",
      "onDiagnostic: attribute",
      "onDrop: errorMessage",
      "warnings: host",
      "rejections: bearer",
      "reports: traceId",
      "checks: apiKey",
      "healths: proxy",
      "publishers: header",
    ]),
  );
});
