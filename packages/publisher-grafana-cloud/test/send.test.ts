import { gunzipSync } from "node:zlib";
import {
  createFaultServer,
  createVirtualClock,
  type FaultReply,
  type FaultScript,
  type FaultServer,
} from "@eventmeter/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { TOKEN } from "./fake-cloud.ts";
import { open, publishOne } from "./publisher-harness.ts";

async function serve(script?: FaultScript): Promise<FaultServer> {
  const server = await createFaultServer(script);
  onTestFinished(() => server.close());
  return server;
}

/** An ExportMetricsServiceResponse with a partial success. */
function partial(rejected: number, text: string): FaultReply {
  const message = Buffer.from(text);
  const inner = Buffer.concat([Buffer.of(8, rejected, 18, (message.length & 127) | 128, message.length >> 7), message]);
  const body = Buffer.concat([Buffer.of(10, (inner.length & 127) | 128, inner.length >> 7), inner]);
  return { body, headers: { "content-type": "application/x-protobuf" } };
}

const json = (body: unknown): FaultReply => ({
  body: JSON.stringify(body),
  headers: { "content-type": "application/json; charset=utf-8" },
});

test("bounds that look like milliseconds are reported once, and used as they are", async () => {
  const server = await serve();
  const bounds = { event_duration_seconds: [100, 1_000, 5_000, Infinity], network_latency_seconds: [0.1, 1] };
  const { publisher, errors } = open({ endpoint: server.url, bounds });
  for (let round = 0; round < 2; round += 1) {
    publishOne(publisher);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect(await publisher.flush()).toMatchObject({ status: "complete" });
  }
  expect(errors.map(({ code, message }) => [code, message])).toEqual([
    [
      "bounds-in-milliseconds",
      "grafana-cloud: bounds.event_duration_seconds: bounds are in seconds, and these look like milliseconds; divide them by 1,000 if they are",
    ],
  ]);
});

test("sends gzipped protobuf with exactly the headers that a stack asks for", async () => {
  const server = await serve();
  const { publisher } = open({ endpoint: server.url, instanceId: " 123456 ", apiKey: ` ${TOKEN}\n` });
  publishOne(publisher);
  await publisher.flush();
  const [request] = server.requests;
  expect(request).toMatchObject({
    method: "POST",
    path: "/otlp/v1/metrics",
    headers: {
      "content-type": "application/x-protobuf",
      "content-encoding": "gzip",
      "accept-encoding": "identity",
      "user-agent": "eventmeter-publisher-grafana-cloud/1",
      authorization: `Basic ${Buffer.from(`123456:${TOKEN}`).toString("base64")}`,
    },
  });
  expect(request?.headers).not.toHaveProperty("retry-attempt");
  const body = gunzipSync(request?.body ?? "").toString("latin1");
  for (const text of [
    "event_duration_seconds",
    "event_retries_total",
    "import",
    "unknown_service:node",
    "service.instance.id",
  ])
    expect(body).toContain(text);
});

test("sends the headers of a receiver, and no credentials of its own", async () => {
  const server = await serve();
  const { publisher } = open({ endpoint: server.url, headers: { "X-Scope-OrgID": "acme" } });
  publishOne(publisher);
  await publisher.close();
  expect(server.requests[0]?.headers).toMatchObject({ "x-scope-orgid": "acme" });
  expect(server.requests[0]?.headers).not.toHaveProperty("authorization");
});

test("two publishers are two instances, unless they are told which one they are", async () => {
  const server = await serve();
  for (const resource of [undefined, undefined, { serviceName: "shop", serviceInstanceId: "shop-1" }]) {
    const { publisher } = open({ endpoint: server.url, resource });
    publishOne(publisher);
    // oxlint-disable-next-line no-await-in-loop -- in this order
    await publisher.close();
  }
  const bodies = server.requests.map(({ body }) => gunzipSync(body).toString("latin1"));
  const ids = bodies.map((body) => /[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}/.exec(body)?.[0]);
  expect(new Set(ids).size).toBe(3);
  expect(ids[2]).toBeUndefined();
  expect(bodies[2]).toContain("shop-1");
});

test("tells a receiver which attempt it is, from the second one on, and waits as long as it asks for", async () => {
  const server = await serve([{ status: 503, headers: { "retry-after": "0" } }, { status: 502 }]);
  const { publisher } = open({ endpoint: server.url });
  publishOne(publisher);
  expect(await publisher.flush()).toMatchObject({ status: "complete", delivered: 1 });
  expect(server.requests.map(({ headers }) => headers["retry-attempt"])).toEqual([undefined, "1", "2"]);
  expect(publisher.health().retries).toBe(2);
});

describe("takes a success for delivered", () => {
  test.each<[string, FaultReply]>([
    ["without a body or a type", {}],
    ["202 without a body", { status: 202 }],
    ["204", { status: 204 }],
    ["empty protobuf", { headers: { "content-type": "application/x-protobuf" } }],
    [
      "partial success that is empty",
      { body: Buffer.of(10, 0), headers: { "content-type": "application/x-protobuf" } },
    ],
    ["empty JSON", json({})],
    ["JSON with an empty partial success", json({ partialSuccess: {} })],
    ["JSON with nulls", json({ partialSuccess: null })],
    ["Content-Encoding: identity", { headers: { "content-encoding": "identity" } }],
  ])("%s", async (_what, reply) => {
    const server = await serve(reply);
    const { publisher, errors } = open({ endpoint: server.url });
    publishOne(publisher);
    expect(await publisher.flush()).toMatchObject({ status: "complete", delivered: 1, dropped: 0 });
    expect(await publisher.check()).toEqual({
      ok: true,
      code: "ok",
      message: "grafana-cloud: the endpoint takes metrics",
    });
    expect(errors).toEqual([]);
  });
});

describe("a partial success is delivered with one warning that quotes no label", () => {
  const canary = "canary-31d7";
  const LIMIT =
    "a series limit is the cause: series that are new are not stored; keep fewer (maxLabelSets, labels), or have the limit raised";
  const OLDER =
    "newer samples of these series are stored already; give every process its own serviceInstanceId (the default is one), and check the clock of this machine";
  test.each<[string, FaultReply, string]>([
    [
      "series limit of Mimir",
      partial(
        10,
        `per-user series limit of 10 exceeded (err-mimir-max-series-per-user). To adjust …, series {event_name="${canary}"}`,
      ),
      `the endpoint took the series but for 10 samples (err-mimir-max-series-per-user): ${LIMIT}`,
    ],
    [
      "older sample of Mimir",
      partial(
        1,
        `the sample has been rejected because another sample with a more recent timestamp has already been ingested (err-mimir-sample-out-of-order), series ${canary}`,
      ),
      `the endpoint took the series but for 1 sample (err-mimir-sample-out-of-order): ${OLDER}`,
    ],
    [
      "duplicate, in JSON of Mimir",
      json({
        partial_success: { rejected_data_points: "3", error_message: `err-mimir-sample-duplicate-timestamp ${canary}` },
      }),
      `the endpoint took the series but for 3 samples (err-mimir-sample-duplicate-timestamp): ${OLDER}`,
    ],
    [
      "future",
      json({ partialSuccess: { rejectedDataPoints: 2, errorMessage: "(err-mimir-too-far-in-future)" } }),
      "the endpoint took the series but for 2 samples (err-mimir-too-far-in-future): the samples are of the future; correct the clock of this machine",
    ],
    [
      "a code that nobody knows",
      partial(7, `something new (err-mimir-brand-new, err-mimir-${canary})`),
      "the endpoint took the series but for 7 samples (err-mimir-brand-new)",
    ],
    [
      "more codes than one message shows",
      partial(7, "err-mimir-a err-mimir-b err-mimir-a err-mimir-c err-mimir-d"),
      "the endpoint took the series but for 7 samples (err-mimir-a, err-mimir-b, err-mimir-c)",
    ],
    ["words that nobody knows", partial(7, canary), "the endpoint took the series but for 7 samples"],
    ["words without a number", partial(0, canary), "the endpoint took the series with a warning"],
    [
      "numbers without words",
      json({ partialSuccess: { rejectedDataPoints: 1e99 } }),
      "the endpoint took the series but for 1e+99 samples",
    ],
  ])("%s", async (_what, reply, sentence) => {
    const server = await serve(reply);
    const { publisher, errors } = open({ endpoint: server.url });
    for (const name of ["a", "b", "c"]) {
      publishOne(publisher, name);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await publisher.flush()).toMatchObject({ status: "complete", pending: 0, dropped: 0 });
    }
    expect(errors.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      `partial-success: grafana-cloud: ${sentence}`,
    ]);
  });

  test("warns again when it comes back, or has another cause", async () => {
    const [limit, older] = [partial(1, "err-mimir-max-series-per-user"), partial(1, "err-mimir-sample-out-of-order")];
    const server = await serve([limit, older, older, {}, older]);
    const { publisher, errors } = open({ endpoint: server.url });
    for (let round = 0; round < 5; round += 1) {
      publishOne(publisher);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await publisher.flush();
    }
    expect(errors).toHaveLength(3);
  });
});

describe("halves the series", () => {
  const metricsOf = ({ body }: { readonly body: Uint8Array }): string => gunzipSync(body).toString("latin1");

  async function publishMany(script: FaultScript): Promise<FaultServer> {
    const server = await serve(script);
    const { publisher } = open({ endpoint: server.url });
    for (let index = 0; index < 8; index += 1) publishOne(publisher, `event-${index}-`);
    expect(await publisher.flush({ timeoutMs: 30_000 })).toMatchObject({ status: "complete", delivered: 8 });
    return server;
  }

  test.each<[string, FaultReply]>([
    ["after a 413", { status: 413 }],
    ["after the 400 of a Collector that reads no more", { status: 400, body: "http: request body too large" }],
  ])("%s, and none is lost or sent twice", async (_why, reply) => {
    const server = await publishMany(({ body }) => (metricsOf({ body }).split("event-").length > 5 ? reply : {}));
    const taken = server.requests
      .map(metricsOf)
      .filter((text) => text.split("event-").length <= 5)
      .join("");
    for (let index = 0; index < 8; index += 1)
      expect(taken.split(`event-${index}-`), `event-${index}-`).toHaveLength(3);
  });

  test("when a 429 stays", async () => {
    const server = await publishMany([429, 429, 429].map((status) => ({ status, headers: { "retry-after": "0" } })));
    expect(server.requests).toHaveLength(5);
    expect(metricsOf(server.requests[3] as never)).not.toBe(metricsOf(server.requests[2] as never));
  });

  test("but not for a limit of requests, which halves would only meet sooner", async () => {
    const body = "err-mimir-tenant-max-request-rate";
    const server = await publishMany(
      [429, 429, 429].map((status) => ({ status, body, headers: { "retry-after": "0" } })),
    );
    expect(server.requests).toHaveLength(4);
  });

  test("before they are longer than 4 MiB, so that no receiver has to refuse them", async () => {
    const server = await serve();
    const { publisher } = open({ endpoint: server.url, maxLabelSets: 20_000 });
    for (let index = 0; index < 9_000; index += 1) publishOne(publisher, `${"x".repeat(400)}${index}`);
    expect(await publisher.flush({ timeoutMs: 30_000 })).toMatchObject({ status: "complete", delivered: 9_000 });
    const lengths = server.requests.map(({ body }) => gunzipSync(body).length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(4 * 2 ** 20);
    expect(lengths.length).toBeGreaterThan(1);
  });
});

test("tells of the bound of a family with the next request", async () => {
  const server = await serve();
  const { publisher, errors } = open({ endpoint: server.url, maxLabelSets: 2 });
  for (const name of ["a", "b", "c", "d"]) publishOne(publisher, name);
  await publisher.flush();
  publishOne(publisher, "e");
  await publisher.flush();
  expect(errors.map(({ code, message }) => `${code} ${message.split(" ")[1]}`)).toEqual([
    "series-overflow event_duration_seconds",
    "series-overflow event_retries_total",
  ]);
  expect(gunzipSync(server.requests[0]?.body ?? "").toString("latin1")).toContain("eventmeter_overflow_total");
});

test("keeps 500 label sets of a family unless it is told otherwise", async () => {
  const server = await serve();
  const { publisher, errors } = open({ endpoint: server.url });
  for (let index = 0; index < 500; index += 1) publishOne(publisher, `event-${index}`);
  await publisher.flush();
  expect(errors).toEqual([]);
  publishOne(publisher, "event-500");
  await publisher.flush();
  expect(errors.map(({ code }) => code)).toEqual(["series-overflow", "series-overflow"]);
});

test("gives a request up after 10 s unless it is told otherwise", async () => {
  const server = await serve({ fault: "hang" });
  const clock = createVirtualClock();
  const { publisher, errors, error } = open({ endpoint: server.url, clock });
  publisher.publishEventMetrics({ eventName: "a", taskId: 1, startTime: clock.now(), endTime: clock.now() });
  void publisher.flush({ timeoutMs: 60_000 });
  await server.received(1);
  await clock.advance(9_999);
  expect(errors).toEqual([]);
  await clock.advance(1);
  expect(await error()).toMatchObject({ code: "send-failed" });
  const closed = publisher.close({ timeoutMs: 0 });
  await clock.advance(1);
  await closed;
});

test("leaves out records that are not finished", async () => {
  const server = await serve();
  const { publisher } = open({ endpoint: server.url });
  publisher.publishEventMetrics({ eventName: "a", taskId: 1, startTime: Date.now() });
  const counts = { received: 1, ignored: 1, pending: 0 };
  expect(await publisher.flush()).toMatchObject(counts);
  expect(publisher.health().ignoredBy).toEqual({ unfinished: 1 });
  expect(server.requests).toEqual([]);
});
