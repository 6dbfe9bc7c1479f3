import { inspect } from "node:util";
import { ElasticsearchPublisher, type ElasticsearchPublisherOptions } from "@eventmeter/publisher-elasticsearch";
import { isPublisherError } from "@eventmeter/core";
import { deliveryOptionRules } from "@eventmeter/delivery";
import { localhostTls } from "@eventmeter/testkit";
import { describe, expect, test } from "vitest";
import { cloudHost } from "../src/connection/cloud-id.ts";

const hosts = ["http://127.0.0.1:9200"];
const client = { transport: { request: () => Promise.resolve() }, close: () => Promise.resolve() };

/** Gives what the constructor says of options, as from JavaScript. */
function faultsOf(options: unknown): readonly string[] {
  try {
    void new ElasticsearchPublisher(options as ElasticsearchPublisherOptions);
  } catch (caught) {
    if (!isPublisherError(caught)) throw caught;
    expect(caught.code).toBe("options");
    return caught.message
      .split("\n")
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}

test("every wrong field is named in one error", () => {
  expect(
    faultsOf({
      hosts: ["ftp://x"],
      auth: {},
      namespace: "A",
      indexPrefix: "-x",
      templates: 1,
      unfinished: "keep",
      retention: "soon",
      compresion: true,
    }),
  ).toEqual([
    'compresion: unknown option, did you mean "compression"?',
    expect.stringMatching(/^hosts\[0\]: expected an address as https/),
    "auth: expected { apiKey }, { username, password } or { bearer }",
    expect.stringMatching(/^namespace: expected a lower-case name/),
    expect.stringMatching(/^indexPrefix: expected a lower-case name/),
    "templates: expected true or false, got a number",
    "retention: expected a time as 30d or 12h",
    "unfinished: expected one of store, ignore",
    "namespace: not together with indexPrefix",
    "retention: only for data streams, not together with indexPrefix",
  ]);
});

describe("where to write", () => {
  test.each([
    ["nothing at all", {}, ["hosts: missing; give hosts, cloudId or a client"]],
    ["no options", undefined, ["hosts: missing; give hosts, cloudId or a client"]],
    ["an empty list", { hosts: [] }, ["hosts: expected at least one address"]],
    ["hosts and a client", { hosts, client }, ["hosts: not together with client"]],
    [
      "a client and credentials",
      { client, auth: { apiKey: "k" } },
      ["auth: not together with client, which has its own"],
    ],
    [
      "a client and its options",
      { client, clientOptions: {} },
      ["clientOptions: not together with client, which has its own"],
    ],
    [
      "something that is no client",
      { client: { transport: {} } },
      ["client: expected a client of @elastic/elasticsearch, got an object"],
    ],
    [
      "templates left out, and a retention",
      { hosts, templates: false, retention: "1d" },
      ["retention: is part of the template, which templates: false leaves out"],
    ],
    [
      "hosts in clientOptions",
      { hosts, clientOptions: { node: "x", tls: {} } },
      ["clientOptions.node: give hosts instead"],
    ],
  ])("is rejected for %s", (_, options, faults) => {
    expect(faultsOf(options)).toEqual(faults);
  });

  test.each([
    { hosts },
    { client },
    { hosts, auth: undefined },
    { hosts, auth: { apiKey: "a==" } },
    { hosts, auth: { bearer: "b" } },
    { hosts, auth: { username: "u", password: "p w" } },
    { hosts: ["https://es.example/path"], clientOptions: { tls: { ca: "…" } } },
    { hosts, clientOptions: { headers: undefined } },
    { hosts, clientOptions: { headers: { "x-tenant": "acme", "x-trace": ["a", "b"], "x-none": undefined } } },
  ])("is accepted as %o", (options) => {
    expect(faultsOf(options)).toEqual([]);
  });

  test.each([
    "",
    "es.example:9200",
    "ftp://x",
    "http://user:hunter2@x",
    "http://x?k=hunter2",
    "http://x#hunter2",
    1,
    null,
  ])("is rejected as the host %o, which is not repeated", (host) => {
    const [fault] = faultsOf({ hosts: [host] });
    expect(fault).toMatch(/^hosts\[0\]: expected an address/);
    expect(fault).not.toContain("hunter2");
  });

  test.each([
    { apiKey: "" },
    { apiKey: "a b" },
    { apiKey: "a\nb" },
    { username: "u" },
    { password: "p" },
    { apiKey: "k", bearer: "b" },
    { username: "a:b", password: "p" },
    { user: "u" },
    "k",
    null,
  ])("is rejected for the credentials %o", (auth) => {
    expect(faultsOf({ hosts, auth })).not.toEqual([]);
  });
});

test("a token has up to 65,536 characters", () => {
  expect(faultsOf({ hosts, auth: { bearer: "a".repeat(65_536) } })).toEqual([]);
  expect(faultsOf({ hosts, auth: { bearer: "a".repeat(65_537) } })).toHaveLength(1);
  expect(faultsOf({ hosts, auth: { apiKey: "a".repeat(65_536) } })).toEqual([]);
  expect(faultsOf({ hosts, auth: { apiKey: "a".repeat(65_537) } })).toHaveLength(1);
});

test.each([
  ["text that is empty", { "x-tenant": "" }, ".x-tenant"],
  ["text with a space around it", { "x-tenant": " acme" }, ".x-tenant"],
  ["list with a number", { "x-tenant": ["acme", 7] }, ".x-tenant"],
  ["name with a space", { "x tenant": "acme" }, "[…]"],
])("a header of the client is not accepted with a %s", (_, headers, path) => {
  expect(faultsOf({ hosts, clientOptions: { headers } })).toEqual([
    expect.stringContaining(`clientOptions.headers${path}: expected `),
  ]);
});

const cloudIdOf = (text: string): string => `billing:${Buffer.from(text).toString("base64")}`;

describe("a Cloud ID", () => {
  test.each([
    ["eu.cloud.example$abc123$kib", "https://abc123.eu.cloud.example:443"],
    ["eu.cloud.example:9243$abc123", "https://abc123.eu.cloud.example:9243"],
    ["eu.cloud.example:9243$abc123:9244$", "https://abc123.eu.cloud.example:9244"],
  ])("with %s names the host %s", (text, host) => {
    expect(cloudHost(cloudIdOf(text))).toBe(host);
    expect(faultsOf({ cloudId: cloudIdOf(text) })).toEqual([]);
  });

  test.each([
    "",
    "hunter2",
    "billing:",
    "billing:hunter2",
    cloudIdOf("hunter2"),
    cloudIdOf("a/hunter2$b"),
    cloudIdOf("$b"),
  ])("is rejected as %j with its format, and not repeated", (cloudId) => {
    expect(faultsOf({ cloudId })).toEqual([
      "cloudId: expected a Cloud ID as the page of the deployment shows it, <name>:<base64>",
    ]);
  });

  test("is not given together with hosts or a client", () => {
    const cloudId = cloudIdOf("eu.cloud.example$abc123");
    expect(faultsOf({ hosts, cloudId })).toEqual(["cloudId: not together with hosts"]);
    expect(faultsOf({ client, cloudId })).toEqual(["cloudId: not together with client, which has its own"]);
  });
});

test.each([
  ["node", "hosts"],
  ["nodes", "hosts"],
  ["cloud", "cloudId"],
  ["apiKey", "auth.apiKey"],
  ["username", "auth.username"],
  ["password", "auth.password"],
  ["index", "namespace for data streams, indexPrefix for daily indices"],
  ["flushBytes", "maxBatchBytes"],
  ["flushInterval", "lingerMs, in milliseconds"],
  ["requestTimeout", "sendTimeoutMs, in milliseconds"],
  ["maxRetries", "maxAgeMs: a record is sent again until it is older"],
])("the name %s of the official client leads to %s", (name, use) => {
  expect(faultsOf({ hosts, [name]: "hunter2" })).toEqual([`${name}: unknown option; use ${use}`]);
});

test("TLS is given in one place, and its parts fit together", () => {
  expect(faultsOf({ hosts, tls: { ca: localhostTls.cert }, clientOptions: { tls: {} } })).toEqual([
    "tls: not together with clientOptions.tls",
  ]);
  expect(faultsOf({ client, tls: { ca: localhostTls.cert } })).toEqual([
    "tls: not together with client, which has its own",
  ]);
  expect(faultsOf({ hosts, tls: { ca: "/etc/ca.pem" } })).toEqual([
    expect.stringContaining("tls.ca: expected the text of a PEM"),
  ]);
  const cert = "-----BEGIN CERTIFICATE-----\nhunter2";
  expect(faultsOf({ hosts, tls: { cert, key: cert } })).toEqual([
    expect.stringMatching(/^tls: expected .* fit together/),
  ]);
});

test.each(["geo", "_none", "a/b%", "ü"])("the pipeline %s is accepted", (pipeline) => {
  expect(faultsOf({ hosts, pipeline })).toEqual([]);
});

test.each(["", "a b", "a\n", "\ud800", "a".repeat(256), 1])("the pipeline %o is rejected", (pipeline) => {
  expect(faultsOf({ hosts, pipeline })).toEqual([expect.stringMatching(/^pipeline: expected the name of an ingest/)]);
});

describe("names", () => {
  test.each(["default", "staging", "ü", "a.b_c", "a".repeat(100), "ü".repeat(100)])(
    "take the namespace %s",
    (namespace) => {
      expect(faultsOf({ hosts, namespace })).toEqual([]);
    },
  );

  test.each([
    "",
    "A",
    "a-b",
    "a b",
    "a/b",
    "a*",
    "a?",
    'a"',
    "a<",
    "a>",
    "a|",
    "a,b",
    "a#",
    "a:b",
    "a\\",
    "\ud800",
    "a\0",
    "a".repeat(101),
    "報".repeat(69),
    1,
  ])("do not take the namespace %o", (namespace) => {
    expect(faultsOf({ hosts, namespace })).toHaveLength(1);
  });

  test.each(["job-metrics", "jobs", "a.b", "a".repeat(236)])("take the prefix %s", (indexPrefix) => {
    expect(faultsOf({ hosts, indexPrefix })).toEqual([]);
  });

  test.each(["", ".hidden", "-a", "_a", "+a", "A", "a b", "a:b", "a".repeat(237)])(
    "do not take the prefix %o",
    (indexPrefix) => {
      expect(faultsOf({ hosts, indexPrefix })).toHaveLength(1);
    },
  );
});

test("the options of delivery are all there, and judged as delivery does", () => {
  for (const name of Object.keys(deliveryOptionRules)) {
    expect(faultsOf({ hosts, [name]: Symbol("wrong") })).toEqual([
      expect.stringMatching(new RegExp(`^${name}: expected `)),
    ]);
  }
});

test("a secret is in nothing that shows the publisher or its options", () => {
  for (const auth of [{ apiKey: "hunter2" }, { bearer: "hunter2" }, { username: "hunter2", password: "hunter2" }]) {
    const publisher = new ElasticsearchPublisher({ hosts, auth, clientOptions: { headers: { x: "hunter2" } } });
    const shown = [
      inspect(publisher, { depth: 9, showHidden: true }),
      JSON.stringify(publisher),
      JSON.stringify(publisher.health()),
    ];
    expect(shown.join("\n")).not.toContain("hunter2");
  }
  expect(faultsOf({ hosts, auth: { apiKey: "hunter2 hunter2" } }).join("\n")).not.toContain("hunter2");
});
