import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import {
  PrometheusPublisher,
  type PrometheusPublisherOptions,
  type ScrapeAuth,
} from "@eventmeter/publisher-prometheus";
import { canaryRecords, findSecrets, localhostTls } from "@eventmeter/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { hostileRequests } from "./hostile-requests.ts";
import { exchange } from "./raw-http.ts";
import { portOf } from "./publisher-harness.ts";

const credentials = {
  password: "Canary pass:word 1q9z",
  token: "Canary.Token-8r4v",
  tlsPassphrase: "Canary-TLS-passphrase-7o5j",
  // Its second line: the first is that of every key.
  tlsKey: localhostTls.key.split("\n")[1] ?? "",
} as const;
const { resource: _shown, ...payloads } = canaryRecords.values;
// Who measures stands on the page, as target_info.
const secrets = { ...credentials, ...payloads };
const { password, token, tlsPassphrase: passphrase } = credentials;

/** Credentials that do not change. */
type FixedAuth = { readonly [Name in keyof ScrapeAuth]: string | undefined } & ScrapeAuth;

const WAYS: readonly (readonly [string, PrometheusPublisherOptions & { readonly auth: FixedAuth }])[] = [
  ["a password", { auth: { username: "eve", password } }],
  ["a token", { auth: { bearer: token } }],
  ["a token over TLS", { auth: { bearer: token }, tls: { ...localhostTls, passphrase } }],
];

/** Everything that a publisher has said to its owner. */
interface Opened {
  readonly publisher: PrometheusPublisher;
  readonly heard: unknown[];
}

function open(options: PrometheusPublisherOptions): Opened {
  const heard: unknown[] = [];
  const publisher = new PrometheusPublisher({
    port: 0,
    resource: canaryRecords.resource,
    onError: (error) => void heard.push(error),
    onDiagnostic: (diagnostic) => void heard.push(diagnostic),
    ...options,
  });
  onTestFinished(async () => void (await publisher.close()));
  publisher.publishEventMetrics(canaryRecords.event);
  publisher.publishNetworkMetrics(canaryRecords.network);
  return { publisher, heard };
}

/** Shows everything that a program can print of a publisher. */
async function shownBy({ publisher, heard }: Opened): Promise<readonly unknown[]> {
  return [heard, publisher, publisher.health(), await publisher.check(), await publisher.flush()];
}

function authorizationOf(auth: FixedAuth): string {
  if (auth.bearer !== undefined) return `Bearer ${auth.bearer}`;
  return `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`;
}

describe.each(WAYS)("nobody is told a secret with %s", (_way, options) => {
  test("by a page, whoever asks for it and in whatever form", async () => {
    const opened = open({ ...options, server: false, labels: { event: ["errorType"] } });
    const { publisher } = opened;
    const authorization = authorizationOf(options.auth);
    const pages: unknown[] = [await publisher.metrics()];
    for (const headers of [
      {},
      { authorization },
      { authorization: `${authorization}x` },
      { authorization, accept: "application/openmetrics-text; version=1.0.0" },
      { authorization, accept: "text/html" },
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const response = await publisher.fetch(new Request("http://127.0.0.1/metrics?x=1", { headers }));
      // oxlint-disable-next-line no-await-in-loop
      pages.push([response.status, [...response.headers], await response.text()]);
    }
    expect(String(pages[2])).toContain("event_duration_seconds_count");
    expect(findSecrets([pages, await shownBy(opened)], secrets)).toEqual([]);
  });

  test("when its port is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    onTestFinished(() => void taken.close());
    const opened = open({ ...options, port: (taken.address() as AddressInfo).port });
    const rejected = await opened.publisher.start({ timeoutMs: 200 }).catch((caught: unknown) => caught);
    expect(rejected).toBeInstanceOf(Error);
    expect(findSecrets([rejected, await shownBy(opened)], secrets)).toEqual([]);
  });
});

test("nobody is told a secret by what a server answers to hostile requests", async () => {
  const opened = open({ auth: { bearer: token } });
  await opened.publisher.start();
  const port = portOf(opened.publisher);
  const left = hostileRequests.filter(({ timeoutMs = 0 }) => timeoutMs <= 5_000).values();
  const answers: string[] = [];
  const work = async (): Promise<void> => {
    for (const each of left) {
      // oxlint-disable-next-line no-await-in-loop -- as many at a time as there are workers
      const { text } = await exchange(port, each.steps(), each);
      answers.push(text);
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
  expect(answers.length).toBeGreaterThan(60);
  expect(findSecrets([answers, await shownBy(opened)], secrets)).toEqual([]);
});

test("nobody is told a secret by a key that cannot be used", () => {
  const tls = { cert: localhostTls.cert, key: localhostTls.key.replace("MIGH", "MIGX"), passphrase };
  const rejected = (): unknown => new PrometheusPublisher({ tls });
  expect(rejected).toThrow(/tls: expected a key/);
  try {
    rejected();
  } catch (caught) {
    expect(findSecrets(caught, secrets)).toEqual([]);
  }
});

test("what the search would find: a promoted attribute is a label, on purpose", async () => {
  const { publisher } = open({ server: false, labels: { event: ["tenant"] } });
  expect(findSecrets(await publisher.metrics(), secrets)).toEqual(["attribute"]);
});
