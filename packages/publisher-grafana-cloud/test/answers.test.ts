import { inspect } from "node:util";
import { createFaultServer, type FaultReply } from "@eventmeter/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { TOKEN } from "./fake-cloud.ts";
import { open, publishOne } from "./publisher-harness.ts";

const CANARY = "canary-9f3c";
const PROTOBUF = "application/x-protobuf";

/** A `google.rpc.Status`, as Mimir and the Collector write it. */
function status(code: number, message: string): Uint8Array {
  const text = Buffer.from(message);
  return Buffer.concat([
    Buffer.from([8, (code & 127) | (code > 127 ? 128 : 0), ...(code > 127 ? [code >> 7] : []), 18]),
    varint(text.length),
    text,
  ]);
}

function varint(value: number): Buffer {
  return value < 128 ? Buffer.of(value) : Buffer.of((value & 127) | 128, value >> 7);
}

const reply = (code: number, body: string | Uint8Array = "", headers: Record<string, string> = {}): FaultReply => ({
  status: code,
  body,
  headers,
});
const protobuf = (code: number, message: string, headers: Record<string, string> = {}): FaultReply =>
  reply(code, status(code, message), { "content-type": PROTOBUF, ...headers });
const plain = (code: number, body: string): FaultReply =>
  reply(code, body, { "content-type": "text/plain; charset=utf-8" });
const gateway = (code: number, error: string): FaultReply =>
  reply(code, JSON.stringify({ status: "error", error }), { "content-type": "application/json" });

const tile = { instanceId: "123456", apiKey: TOKEN } as const;
const KEY = "(the key says: organisation 4711, region eu)";
const COPY = "copy the endpoint from the OpenTelemetry tile of the stack on grafana.com";
const PATH =
  "check its path: a Collector takes metrics at /v1/metrics, Prometheus at /api/v1/otlp/v1/metrics, Mimir at /otlp/v1/metrics";
const TOKEN_HINT =
  "make a token with scope metrics:write on the stack's OpenTelemetry tile, and check that instanceId is of the same stack";
const SCOPE =
  "the token's access policy needs scope metrics:write and this stack in its realm; check that instanceId and endpoint are of the same stack";
const LIMIT = "raise intervalMs or lower maxLabelSets";
const BUSY = "it is busy or not ready: if it stays so, see its own log or status";
const OLDER = "give every process its own serviceInstanceId (the default is one), and check the clock of this machine";
const HELD = (text: string): string => `records are kept back: ${text}`;
const LATER = (text: string): string => `${text.replace("; ", " (")}); the series are sent again later`;
const NEXT = (text: string): string => `${text}; the series are sent again in 60 s`;

type Row = readonly [answer: string, reply: FaultReply, code: string, sentence: string, error?: string];

const stackRows: readonly Row[] = [
  [
    "401 of the gateway, invalid token",
    gateway(401, "authentication error: invalid token"),
    "unauthorized",
    `the endpoint answered 401: the API key is not valid: mistyped, expired, deleted, or of another organisation ${KEY}; ${TOKEN_HINT}`,
  ],
  [
    "401 of the gateway, legacy auth",
    gateway(401, "authentication error: legacy auth cannot be upgraded because the host is not found"),
    "unauthorized",
    `the endpoint answered 401: it does not know this instance id ${KEY}; instanceId is the number that the stack's OpenTelemetry tile shows`,
  ],
  [
    "401 without words",
    reply(401),
    "unauthorized",
    `the endpoint answered 401: the API key is not accepted ${KEY}; ${TOKEN_HINT}`,
  ],
  [
    "403",
    gateway(403, `forbidden for ${CANARY}`),
    "forbidden",
    `the endpoint answered 403: the API key may not write metrics there ${KEY}; ${SCOPE}`,
  ],
  [
    "404",
    plain(404, "404 page not found"),
    "not-found",
    `the endpoint answered 404: it takes no metrics at this path; ${COPY}`,
  ],
  ["405", reply(405), "not-found", `the endpoint answered 405: it takes no metrics at this path; ${COPY}`],
  ["530", plain(530, "error code: 1016"), "not-found", `the endpoint answered 530: there is no such zone; ${COPY}`],
  ...[301, 302, 303, 307, 308].map((code): Row => [
    String(code),
    reply(code, "", { location: "http://127.0.0.1:9/login" }),
    "redirected",
    `the endpoint answered ${code}: redirects are not followed; ${COPY}`,
  ]),
  [
    "200 with a login page",
    reply(200, `<html>${CANARY}</html>`, { "content-type": "text/html" }),
    "not-otlp",
    `the endpoint answered 200 with something that is no OTLP reply; ${COPY}`,
  ],
  [
    "200 in an encoding nobody asked for",
    reply(200, "xx", { "content-type": PROTOBUF, "content-encoding": "gzip" }),
    "not-otlp",
    `the endpoint answered 200 with more, or in another encoding, than an OTLP reply has; ${COPY}`,
  ],
  ["402", reply(402), "rejected", `the endpoint answered 402: it rejects the request; ${COPY}`],
  ["501", reply(501), "not-found", `the endpoint answered 501: it takes no metrics; ${COPY}`],
].map(([answer, given, code, sentence]) => [answer, given, code, sentence, `held\n${HELD(sentence as string)}`] as Row);

const sentRows: readonly Row[] = [
  ...[500, 502, 503, 504, 529, 408, 425].map((code): Row => [
    String(code),
    plain(code, CANARY),
    "unavailable",
    `the endpoint answered ${code}; ${BUSY}`,
  ]),
  [
    "429, ingestion rate, of Mimir",
    protobuf(
      429,
      "the request has been rejected because the tenant exceeded the ingestion burst size limit, set to 10, with 51 items (err-mimir-tenant-max-ingestion-rate). To adjust …",
      { "retry-after": "6" },
    ),
    "rate-limited",
    `the endpoint answered 429 (err-mimir-tenant-max-ingestion-rate): it takes no more samples for now; ${LIMIT}`,
  ],
  [
    "429, request rate, of Mimir",
    protobuf(
      429,
      "the request has been rejected because the tenant exceeded the request rate limit (err-mimir-tenant-max-request-rate)",
    ),
    "rate-limited",
    `the endpoint answered 429 (err-mimir-tenant-max-request-rate): it takes no more requests for now; raise intervalMs`,
  ],
  [
    "429, active series",
    gateway(429, "maximum active series limit exceeded"),
    "rate-limited",
    `the endpoint answered 429: it takes no more series for now; ${LIMIT}`,
  ],
  [
    "429 without words",
    reply(429),
    "rate-limited",
    `the endpoint answered 429: it takes no more samples for now; ${LIMIT}`,
  ],
].map(
  ([answer, given, code, sentence]) =>
    [answer, given, code, sentence, `send-failed\n${LATER(sentence as string)}`] as Row,
);

const rejectedRows: readonly Row[] = [
  [
    "400 of Prometheus, older sample",
    plain(400, "out of order sample"),
    "out-of-order",
    `the endpoint answered 400: newer samples of these series are stored already; ${OLDER}`,
  ],
  [
    "400 of Prometheus, duplicate",
    plain(400, `duplicate sample for timestamp 1; series={event_name="${CANARY}"}`),
    "out-of-order",
    `the endpoint answered 400: newer samples of these series are stored already; ${OLDER}`,
  ],
  [
    "400 of Prometheus, out-of-order window passed",
    plain(400, "too old sample"),
    "out-of-order",
    `the endpoint answered 400: newer samples of these series are stored already; ${OLDER}`,
  ],
  [
    "400 of Prometheus, time 0",
    plain(400, "out of bounds"),
    "out-of-order",
    `the endpoint answered 400: newer samples of these series are stored already; ${OLDER}`,
  ],
  [
    "400 of Prometheus, future",
    plain(400, "too far in the future"),
    "clock-ahead",
    "the endpoint answered 400: the samples are of the future; correct the clock of this machine",
  ],
  [
    "400 of Mimir, future",
    protobuf(
      400,
      `received a sample whose timestamp is too far in the future, series ${CANARY} (err-mimir-too-far-in-future)`,
    ),
    "clock-ahead",
    "the endpoint answered 400 (err-mimir-too-far-in-future): the samples are of the future; correct the clock of this machine",
  ],
  [
    "400 of Mimir, label value",
    protobuf(
      400,
      `received a series whose label value length exceeds the limit, label: 'event_name', value: '${CANARY}' (err-mimir-label-value-too-long)`,
    ),
    "label-limit",
    "the endpoint answered 400 (err-mimir-label-value-too-long): the value of a label is longer than it may be; promote no attributes with long values in labels, or have the limit raised",
  ],
  [
    "400 of Mimir, number of labels",
    protobuf(
      400,
      `received a series whose number of labels exceeds the limit (actual: 31, limit: 30) series: '${CANARY}' (err-mimir-max-label-names-per-series)`,
    ),
    "label-limit",
    "the endpoint answered 400 (err-mimir-max-label-names-per-series): a series has more labels than it may have; promote fewer attributes in labels, or have the limit raised",
  ],
  [
    "400, temporality",
    protobuf(400, 'otlp parse error: invalid temporality and type combination for metric "x"'),
    "temporality",
    "the endpoint answered 400: it does not take cumulative series; let it take them, or convert them in a Collector before it",
  ],
  [
    "500 of Prometheus, temporality",
    plain(500, 'invalid temporality and type combination for metric "x"'),
    "temporality",
    "the endpoint answered 500: it does not take cumulative series; let it take them, or convert them in a Collector before it",
  ],
  [
    "400 of Prometheus, content type",
    plain(400, "unsupported content type: text/plain, supported: [application/json, application/x-protobuf]"),
    "media-type",
    "the endpoint answered 400: it does not take protobuf; check what stands between",
  ],
  [
    "400 with other words",
    plain(400, CANARY),
    "rejected",
    `the endpoint answered 400: it cannot read the request; check what stands between; ${COPY}`,
  ],
  [
    "422",
    reply(422),
    "rejected",
    `the endpoint answered 422: it cannot read the request; check what stands between; ${COPY}`,
  ],
  [
    "415 of Mimir",
    protobuf(415, "unsupported content type"),
    "media-type",
    "the endpoint answered 415: it does not take gzipped protobuf; check what stands between",
  ],
].map(
  ([answer, given, code, sentence]) =>
    [answer, given, code, sentence, `snapshot-rejected\n${NEXT(sentence as string)}`] as Row,
);

const receiverRows: readonly Row[] = [
  [
    "401 of Mimir, no tenant",
    plain(401, "no org id\n"),
    "unauthorized",
    'the endpoint answered 401: it asks for a tenant; give headers: { "x-scope-orgid": … }',
  ],
  [
    "401 of anything",
    reply(401, "", { "www-authenticate": "Basic" }),
    "unauthorized",
    "the endpoint answered 401: it asks for credentials; give what it asks for in headers, as authorization",
  ],
  [
    "403",
    reply(403),
    "forbidden",
    "the endpoint answered 403: its credentials may not write metrics there; check what its credentials, given in headers, may do",
  ],
  ["404", reply(404), "not-found", `the endpoint answered 404: it takes no metrics at this path; ${PATH}`],
].map(([answer, given, code, sentence]) => [answer, given, code, sentence, `held\n${HELD(sentence as string)}`] as Row);

async function judge([, given, code, sentence, error]: Row, more: typeof tile | Record<string, never>): Promise<void> {
  const server = await createFaultServer(given);
  onTestFinished(() => server.close());
  const { publisher, ...told } = open({ endpoint: server.url, ...more });
  const report = await publisher.check();
  expect(report).toMatchObject({ ok: false, code });
  expect([report.message, report.hint].filter((text) => text !== undefined).join("; ")).toBe(
    `grafana-cloud: ${sentence}`,
  );

  publishOne(publisher);
  const flushing = publisher.flush();
  const first = await told.error();
  expect(`${first.code}\n${first.message}`).toBe(error?.replace("\n", "\ngrafana-cloud: "));
  const closed = await publisher.close({ timeoutMs: 0 });
  expect(closed).toMatchObject({ received: 1, delivered: 0, dropped: 1, pending: 0 });
  await flushing;
  const everything = inspect([report, told.errors, publisher, publisher.health()], {
    depth: Infinity,
    showHidden: true,
  });
  for (const secret of [CANARY, TOKEN, "k-secret", "127.0.0.1:9"]) expect(everything).not.toContain(secret);
}

describe("keeps the records and says what to put right after", () => {
  for (const row of stackRows) test(row[0], () => judge(row, tile));
});

describe("sends the series again after", () => {
  for (const row of sentRows) test(row[0], () => judge(row, tile));
});

describe("tries again an interval later after", () => {
  for (const row of rejectedRows) test(row[0], () => judge(row, tile));
});

describe("of any other receiver, says nothing of Grafana Cloud and of stacks after", () => {
  const answers = [...stackRows, ...sentRows, ...rejectedRows, ...receiverRows];
  test.each(answers.map(([answer, given]) => [answer, given] as const))("%s", async (_answer, given) => {
    const server = await createFaultServer(given);
    onTestFinished(() => server.close());
    const { publisher, errors, error } = open({ endpoint: server.url, name: "otlp" });
    const { message, hint } = await publisher.check();
    publishOne(publisher);
    void publisher.flush({ timeoutMs: 0 });
    await error();
    expect(hint).toBeTypeOf("string");
    for (const text of [message, hint, ...errors.map((told) => told.message)])
      expect(text).not.toMatch(/grafana|stack\b|tile|\binstanceId|apiKey|API key/i);
  });
});

describe("of any other receiver, keeps the records after", () => {
  for (const row of receiverRows) test(row[0], () => judge(row, {}));
});
