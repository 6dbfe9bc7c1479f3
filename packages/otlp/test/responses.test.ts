import { readExportResponse, readStatus } from "@eventmeter/otlp";
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { metricsRoot } from "./metrics-schema.ts";

function encoded(type: string, message: object): Uint8Array {
  const found = metricsRoot.lookupType(type);
  return found.encode(found.fromObject(message)).finish();
}

const text = fc.string({ unit: "grapheme", maxLength: 60 });
const bytes = fc.uint8Array({ maxLength: 200 });

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
  const body = encoded("ExportMetricsServiceResponse", { partialSuccess: { rejectedDataPoints, errorMessage } });
  expect(readExportResponse(body)).toEqual({ rejectedDataPoints, errorMessage });
});

property.prop([fc.integer(), text, fc.array(fc.record({ typeUrl: text, value: bytes }))])(
  "reads any status and passes over its details",
  (code, message, details) => {
    const body = encoded("Status", {
      code,
      message,
      details: details.map((each) => ({ ...each, value: [...each.value] })),
    });
    expect(readStatus(body)).toEqual({ code, message });
  },
);

test("passes over fields that it does not know", () => {
  // A varint, a fixed64, a fixed32 and a text.
  const unknown = "9801ffffffffffffffffff01a1010102030405060708ad0101020304b2010161";
  const body = Buffer.from(`${unknown}0a0708031203626164${unknown}`, "hex");
  expect(readExportResponse(body)).toEqual({ rejectedDataPoints: 3, errorMessage: "bad" });
});

describe.each([
  ["a cut varint", "08ff"],
  ["a varint of eleven bytes", `08${"ff".repeat(10)}01`],
  ["a length beyond the end", "0a05"],
  ["a length beyond 2^53", "0affffffffffffffffff01"],
  ["a cut fixed64", "0901020304"],
  ["a cut fixed32", "0d0102"],
  ["a group", "0b0c"],
  ["a type that there is not", "0e00"],
  ["field 0", "0000"],
  ["a field above 2^29", "80808080800100"],
  ["JSON", Buffer.from('{"code":3}').toString("hex")],
  ["plain text", Buffer.from("no org id\n").toString("hex")],
])("%s", (_, hex) => {
  test("is no answer", () => {
    expect(readStatus(Buffer.from(hex, "hex"))).toBeUndefined();
    expect(readExportResponse(Buffer.from(hex, "hex"))).toBeUndefined();
  });
});

test("a partial success that is broken inside is no answer", () => {
  expect(readExportResponse(Uint8Array.of(0x0a, 2, 0x12, 9))).toBeUndefined();
});

property.prop([bytes])("never throws, whatever it is given", (body) => {
  for (const answer of [readExportResponse(body), readStatus(body)])
    if (answer !== undefined) expect(Object.values(answer)).toHaveLength(2);
});

property.prop([text.filter((message) => message !== ""), fc.nat()])(
  "gives nothing for an answer that was cut",
  (message, at) => {
    const body = encoded("Status", { message });
    const cut = body.subarray(0, (at % (body.length - 1)) + 1);
    expect(cut.length < body.length ? readStatus(cut) : undefined).toBeUndefined();
  },
);

test("cuts a message at 1,024 characters and leaves no half of one", () => {
  const message = `x${"\u{1F600}".repeat(600)}`;
  const found = readStatus(encoded("Status", { message }))?.message;
  expect(found).toBe(`x${"\u{1F600}".repeat(511)}\uFFFD`);
});

test("a message that is no UTF-8 is read with U+FFFD", () => {
  expect(readStatus(Uint8Array.of(0x12, 2, 0xff, 0x61))).toEqual({ code: 0, message: "\uFFFDa" });
});

test("a message keeps a byte order mark at its beginning", () => {
  expect(readStatus(encoded("Status", { message: "\uFEFFa" }))?.message).toBe("\uFEFFa");
});

test("a known field of another type is passed over", () => {
  expect(readStatus(Uint8Array.of(0x0a, 1, 0x61, 0x10, 7))).toEqual({ code: 0, message: "" });
});
