import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { codeText, errorMessage, errorTypeOf } from "../src/publisher.ts";

test("gives the message of an Error, of a string and of anything printable", () => {
  expect(errorMessage(new TypeError("no input"))).toBe("no input");
  expect(errorMessage("plain")).toBe("plain");
  expect(errorMessage({ message: "shaped like one" })).toBe("shaped like one");
  expect(errorMessage(new RangeError(""))).toBe("RangeError");
  expect(errorMessage(42n)).toBe("[bigint]");
  expect(errorMessage(new Uint8Array(3))).toBe("[Uint8Array]");
  expect(errorMessage(true)).toBe("true");
  expect(errorMessage(Symbol("s"))).toBe("Symbol(s)");
  expect(errorMessage(function work() {})).toBe("[function work]");
  expect(errorMessage(null)).toBeNull();
  expect(errorMessage(undefined)).toBeNull();
});

test("says so where an error cannot be read", () => {
  const throwing = {
    get message(): string {
      throw new Error("inner");
    },
  };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  for (const value of [
    throwing,
    revoked.proxy,
    Object.create(null),
    { toString: () => ({}) },
    { toString: () => ({ slice: () => 1n, toWellFormed: () => 1n }) },
  ])
    expect(errorMessage(value)).toBe("[unreadable error]");
  expect(errorTypeOf(throwing)).toBeNull();
  expect(errorTypeOf(revoked.proxy)).toBeNull();
});

test("cuts a message at 8 KiB of UTF-8 without splitting a character", () => {
  expect(errorMessage("a".repeat(9_000))).toHaveLength(8_192);
  const cut = errorMessage("é😀".repeat(3_000)) ?? "";
  expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(8_192);
  expect(Buffer.byteLength(cut)).toBeGreaterThan(8_192 - 4);
  expect(cut.isWellFormed()).toBe(true);
});

test.prop([fc.string({ unit: "binary", maxLength: 9_000 })])(
  "gives well-formed text of at most 8 KiB for any string",
  (text) => {
    const message = errorMessage(text) ?? "";
    expect(message.isWellFormed()).toBe(true);
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(8_192);
  },
);

test("derives the type from the code, else from the name", () => {
  expect(errorTypeOf(Object.assign(new Error("x"), { code: "ECONNRESET" }))).toBe("ECONNRESET");
  expect(errorTypeOf(Object.assign(new Error("x"), { code: 14 }))).toBe("14");
  expect(errorTypeOf(new TypeError("x"))).toBe("TypeError");
  expect(errorTypeOf("a message")).toBeNull();
});

test("names an aborted or timed-out operation, whose code is a legacy number", () => {
  expect(errorTypeOf(new DOMException("late", "TimeoutError"))).toBe("TimeoutError");
});

test("cuts a type at 1,024 characters, be it a code or a name", () => {
  const long = "x".repeat(1_025);
  expect(errorTypeOf(Object.assign(new Error("x"), { code: long }))).toBe("x".repeat(1_024));
  expect(errorTypeOf(Object.assign(new Error("x"), { name: long }))).toBe("x".repeat(1_024));
});

test("appends a code to a message only where it is a constant of at most 40 characters", () => {
  const textOf = (code: unknown): string => codeText(Object.assign(new Error("x"), { code }));
  expect(["ECONNREFUSED", "ERR_TLS_CERT_ALTNAME_INVALID", `E${"X".repeat(39)}`].map(textOf)).toEqual([
    " (ECONNREFUSED)",
    " (ERR_TLS_CERT_ALTNAME_INVALID)",
    ` (E${"X".repeat(39)})`,
  ]);
  for (const code of [`E${"X".repeat(40)}`, "EX", "a secret", "lower", 14, "E CONN", "E\n", undefined]) {
    expect(textOf(code)).toBe("");
  }
  expect([codeText("ECONNREFUSED"), codeText(null)]).toEqual(["", ""]);
});
