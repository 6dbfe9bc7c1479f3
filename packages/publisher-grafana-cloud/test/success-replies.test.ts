import { inspect } from "node:util";
import { createFaultServer, type FaultReply } from "@eventmeter/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { open, type Opened, publishOne } from "./publisher-harness.ts";

const CANARY = "canary-7be2";
const PROTOBUF = [
  "application/x-protobuf",
  "application/protobuf",
  "application/octet-stream",
  "application/vnd.google.protobuf",
];

function reply(body: string | Uint8Array, type?: string, status = 200): FaultReply {
  return { status, body, headers: type === undefined ? {} : { "content-type": type } };
}

/** A partial success in protobuf: so many rejected data points, and a message. */
function partial(rejected: number, text: string): Buffer {
  const inner = Buffer.concat([Buffer.of(8, rejected, 18, text.length), Buffer.from(text)]);
  return Buffer.concat([Buffer.of(10, inner.length), inner]);
}

async function opened(script: FaultReply): Promise<Opened> {
  const server = await createFaultServer(script);
  onTestFinished(() => server.close());
  return open({ endpoint: server.url, name: "otlp" });
}

/** Publishes three times; returns the errors that were reported. */
async function deliver({ publisher, errors }: Opened): Promise<readonly string[]> {
  for (const name of ["a", "b", "c"]) {
    publishOne(publisher, name);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect(await publisher.flush()).toMatchObject({ status: "complete", pending: 0, dropped: 0 });
  }
  expect(publisher.health()).toMatchObject({ delivered: 3 });
  return errors.map(({ code, message }) => `${code}: ${message}`);
}

describe("is a success without a word:", () => {
  test.each<[string, FaultReply]>([
    ["a line end", reply("\r\n", "text/plain")],
    ["a byte order mark and blanks", reply("\uFEFF  ", "application/json")],
    ["{} as JSON", reply("{}", "application/json")],
    ["{} without a type", reply("{}")],
    ["{} as text", reply("{}\n", "text/plain; charset=utf-8")],
    ["{} as protobuf", reply("{}", "application/x-protobuf")],
    ["an empty partial success without a type", reply('{"partialSuccess":{}}')],
    ["numbers that are zero", reply('{"partial_success":{"rejected_data_points":"0","error_message":""}}')],
    ...PROTOBUF.flatMap((type): [string, FaultReply][] => [
      [`an empty partial success as ${type}`, reply(Buffer.of(10, 0), type)],
      [`fields of a later version as ${type}`, reply(Buffer.of(16, 1), type)],
    ]),
    ["protobuf without a type", reply(Buffer.of(10, 0))],
  ])("%s", async (what, script) => {
    const harness = await opened(script);
    // Two bytes are no evidence of protobuf where nothing calls them that.
    expect(await deliver(harness)).toHaveLength(what === "protobuf without a type" ? 1 : 0);
  });
});

describe("is a success with one warning:", () => {
  test.each<[string, FaultReply]>([
    ["202 Accepted", reply("Accepted", "text/plain", 202)],
    ["200 ok", reply("ok")],
    ["ok as JSON", reply("ok", "application/json")],
    ["null", reply("null", "application/json")],
    ["a list", reply(`["${CANARY}"]`, "application/json")],
    ["a text", reply(`"${CANARY}"`, "application/json")],
    ["JSON that is cut off", reply("{", "application/json")],
    ["an object of its own", reply(`{"accepted":3,"id":"${CANARY}"}`, "application/json")],
    [
      "an object that says success",
      reply('{"status":"success","code":200,"error":null,"errors":[]}', "application/json"),
    ],
    ["a status of gRPC that is ok", reply('{"code":0,"message":"","details":[]}', "application/json")],
    ["a text called protobuf", reply("done", "application/x-protobuf")],
    ["bytes that are no protobuf", reply(Buffer.of(1, 2, 3), "application/octet-stream")],
    ["4,096 bytes", reply("x".repeat(4_096), "text/plain")],
  ])("%s", async (_what, script) => {
    const harness = await opened(script);
    const { status } = script;
    const sentence = `the endpoint answered ${status} with something that is no OTLP reply, and the series count as delivered; check in the backend that they arrive`;
    expect(await deliver(harness)).toEqual([`reply-unknown: otlp: ${sentence}`]);
    const checked = await harness.publisher.check();
    expect(checked).toEqual({ ok: true, code: "ok", message: "otlp: the endpoint takes metrics", hint: sentence });
    expect(inspect([harness.errors, checked], { depth: Infinity, showHidden: true })).not.toContain(CANARY);
  });
});

describe("says what was left out, whatever type it has:", () => {
  const json = '{"partialSuccess":{"rejectedDataPoints":"2","errorMessage":"err-mimir-max-series-per-user"}}';
  test.each<[string, FaultReply]>([
    ...[undefined, "text/plain", "application/json", ...PROTOBUF].flatMap((type): [string, FaultReply][] => [
      [`protobuf as ${type}`, reply(partial(2, "err-mimir-max-series-per-user"), type)],
      [`JSON as ${type}`, reply(json, type)],
    ]),
    ["beside fields of its own", reply(json.replace("}}", '},"status":"error"}'))],
  ])("%s", async (_what, script) => {
    const harness = await opened(script);
    expect(await deliver(harness)).toEqual([
      expect.stringMatching(
        /^partial-success: otlp: the endpoint took the series but for 2 samples \(err-mimir-max-series-per-user\)/,
      ),
    ]);
  });
});

const PATH = "check its path";

describe("keeps the records:", () => {
  test.each<[string, FaultReply, code: string, sentence: string]>([
    ["a login page", reply(`<html>${CANARY}</html>`, "text/html"), "not-otlp", PATH],
    ["a login page that calls itself JSON", reply(`\n<!doctype html>${CANARY}`, "application/json"), "not-otlp", PATH],
    ["a text that calls itself HTML", reply("please log in", "text/html; charset=utf-8"), "not-otlp", PATH],
    ["an error in XML", reply("<?xml version='1.0'?><Error/>", "application/xml"), "not-otlp", PATH],
    ["a long text", reply("x".repeat(4_097), "text/plain"), "not-otlp", PATH],
    [
      "an error with 401",
      reply(`{"error":"please log in, ${CANARY}","code":401}`, "application/json"),
      "unauthorized",
      "the endpoint answered 200 with a JSON object that reports a failure (401); give what it asks for in headers",
    ],
    [
      "status error",
      reply(`{"status":"error","message":"${CANARY}"}`),
      "not-otlp",
      "JSON object that reports a failure; check its path",
    ],
    ["an error that is an object", reply(`{"error":{"message":"${CANARY}"}}`), "not-otlp", "reports a failure"],
    [
      "an error beside an empty partial success",
      reply('{"partialSuccess":{},"error":"no"}'),
      "not-otlp",
      "reports a failure",
    ],
    ["a list of errors", reply(`{"errors":["${CANARY}"]}`), "not-otlp", "reports a failure"],
    ["success false", reply('{"success":false}'), "not-otlp", "reports a failure"],
    ["a code that is a word", reply('{"code":"InvalidCredentials"}'), "not-otlp", "reports a failure"],
    ["a code of gRPC", reply(`{"code":16,"message":"${CANARY}"}`), "not-otlp", "reports a failure"],
    ["a status that is a number in a text", reply('{"status":"403"}'), "forbidden", "reports a failure (403)"],
    [
      "404",
      reply('{"statusCode":404,"message":"Cannot POST"}'),
      "not-found",
      "reports a failure (404); check its path",
    ],
  ])("%s", async (_what, script, code, sentence) => {
    const harness = await opened(script);
    const { publisher, error } = harness;
    publishOne(publisher);
    void publisher.flush({ timeoutMs: 100 });
    const first = await error();
    expect([first.code, first.message]).toEqual(["held", expect.stringContaining(sentence) as string]);
    expect(publisher.health()).toMatchObject({ pending: 1, delivered: 0, dropped: 0 });
    const checked = await publisher.check();
    expect(checked).toMatchObject({ ok: false, code });
    expect(inspect([first, checked], { depth: Infinity, showHidden: true })).not.toContain(CANARY);
  });

  test.each([
    [429, "rate-limited"],
    [503, "unavailable"],
  ])("an error that says %i is sent again", async (status, code) => {
    const { publisher, error } = await opened(reply(JSON.stringify({ error: "busy", status }), "application/json"));
    publishOne(publisher);
    void publisher.flush({ timeoutMs: 100 });
    expect(await error()).toMatchObject({ code: "send-failed", retryable: true });
    expect(await publisher.check()).toMatchObject({ ok: false, code });
  });
});
