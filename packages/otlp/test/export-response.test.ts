import { readExportResponse } from "@eventmeter/otlp";
import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { metricsRoot } from "./metrics-schema.ts";

function responseOf(partialSuccess: object): Uint8Array {
  const type = metricsRoot.lookupType("ExportMetricsServiceResponse");
  return type.encode(type.fromObject({ partialSuccess })).finish();
}

/** A response whose error message is these bytes, of which there can be up to 125. */
function responseWithMessage(...bytes: readonly number[]): Uint8Array {
  return Uint8Array.of(0x0a, bytes.length + 2, 0x12, bytes.length, ...bytes);
}

const text = fc.string({ unit: "grapheme", maxLength: 60 });

test("reads what was rejected and why", () => {
  expect(readExportResponse(Buffer.from("0a0708031203626164", "hex"))).toEqual({
    rejectedDataPoints: 3,
    errorMessage: "bad",
  });
});

test("no bytes and an empty partial success are a complete success", () => {
  const complete = { rejectedDataPoints: 0, errorMessage: "" };
  expect(readExportResponse(new Uint8Array())).toEqual(complete);
  expect(readExportResponse(Uint8Array.of(0x0a, 0))).toEqual(complete);
});

property.prop([fc.maxSafeInteger(), text])("reads any partial success", (rejectedDataPoints, errorMessage) => {
  expect(readExportResponse(responseOf({ rejectedDataPoints, errorMessage }))).toEqual({
    rejectedDataPoints,
    errorMessage,
  });
});

test("skips fields that it does not know, outside and inside", () => {
  // A varint, a fixed64, a fixed32 and a text.
  const unknown = "9801ffffffffffffffffff01a1010102030405060708ad0101020304b2010161";
  const inside = `0803${unknown}1203626164`;
  const length = (inside.length / 2).toString(16).padStart(2, "0");
  const body = Buffer.from(`${unknown}0a${length}${inside}${unknown}`, "hex");
  expect(readExportResponse(body)).toEqual({ rejectedDataPoints: 3, errorMessage: "bad" });
});

test.each([
  ["a cut varint", "08ff"],
  ["a varint of eleven bytes", `08${"ff".repeat(10)}01`],
  ["a length beyond the end", "0a05"],
  ["a length beyond 2^53", "0affffffffffffffffff01"],
  ["a cut fixed64", "0901020304"],
  ["a cut fixed32", "0d0102"],
  ["a group", "0b0c"],
  ["a type that there is not", "0e00"],
  ["field 0", "0000"],
  ["field 2^29", "808080801000"],
  ["a field above 2^29", "80808080800100"],
  ["JSON", Buffer.from('{"code":3}').toString("hex")],
  ["plain text", Buffer.from("no org id\n").toString("hex")],
])("%s is no answer, outside and inside", (_, hex) => {
  const bytes = Buffer.from(hex, "hex");
  expect(readExportResponse(bytes)).toBeUndefined();
  expect(readExportResponse(Uint8Array.of(0x0a, bytes.length, ...bytes))).toBeUndefined();
});

const bodies = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.record({ rejectedDataPoints: fc.maxSafeInteger(), errorMessage: fc.string({ maxLength: 3_000 }) }).map(responseOf),
  fc.uint8Array({ maxLength: 125 }).map((bytes) => responseWithMessage(...bytes)),
);

property.prop([bodies])("never throws, and returns an answer within its limits or none", (body) => {
  const answer = readExportResponse(body);
  if (answer === undefined) return;
  expect(Object.keys(answer)).toEqual(["rejectedDataPoints", "errorMessage"]);
  expect(Number.isInteger(answer.rejectedDataPoints)).toBe(true);
  expect(answer.errorMessage.length).toBeLessThanOrEqual(1_024);
  expect(answer.errorMessage.isWellFormed()).toBe(true);
});

property.prop([text, fc.nat()])("returns nothing for an answer that was cut", (message, at) => {
  const body = responseOf({ errorMessage: `${message}.` });
  const length = (at % (body.length - 1)) + 1;
  expect(readExportResponse(body.subarray(0, length))).toBeUndefined();
});

test("cuts a message at 1,024 characters and leaves no half of one", () => {
  const found = readExportResponse(responseOf({ errorMessage: `x${"\u{1F600}".repeat(600)}` }));
  expect(found?.errorMessage).toBe(`x${"\u{1F600}".repeat(511)}\uFFFD`);
  const whole = "日".repeat(1_024);
  expect(readExportResponse(responseOf({ errorMessage: `${whole}x` }))?.errorMessage).toBe(whole);
});

test("a message that is no UTF-8 is read with U+FFFD", () => {
  expect(readExportResponse(responseWithMessage(0xff, 0x61))?.errorMessage).toBe("\uFFFDa");
});

test("a message keeps a byte order mark at its beginning", () => {
  expect(readExportResponse(responseOf({ errorMessage: "\uFEFFa" }))?.errorMessage).toBe("\uFEFFa");
});

test("a known field of another type is skipped", () => {
  // A text as the number of rejected points, a number as the message, and a number as the partial success.
  const body = Uint8Array.of(0x0a, 5, 0x0a, 1, 0x61, 0x10, 7, 0x08, 9);
  expect(readExportResponse(body)).toEqual({ rejectedDataPoints: 0, errorMessage: "" });
});
