// Rules for what travels in HTTP headers: user names, passwords, tokens and headers.
import { describe, expect, test } from "vitest";
import { isPublisherError } from "../src/index.ts";
import { checkOptions, headersRule, type OptionRule, passwordRule, tokenRule, usernameRule } from "../src/publisher.ts";

const CANARY = "Canary-7d1f";

/** Returns what is wrong with a value, as the message of the error says it; undefined if it is accepted. */
function problemOf(rule: OptionRule, value: unknown): string | undefined {
  try {
    checkOptions("example", { given: value }, { given: rule });
  } catch (error) {
    if (!isPublisherError(error)) throw error;
    expect(error.message).not.toContain(CANARY);
    return error.message.replace(/^example: .*\n {2}/, "");
  }
  return undefined;
}

describe("a user name", () => {
  test.each(["eve", "Eve Ö.", "eve@x.example", "a/b c"])("may be %j", (value) => {
    expect(problemOf(usernameRule, value)).toBeUndefined();
  });

  test.each(["", `${CANARY}:`, ":", `${CANARY}\n`, "\0", "\u007f", "a\u0085b", "a".repeat(4_097), 5, null, [CANARY]])(
    "is not %j",
    (value) => {
      expect(problemOf(usernameRule, value)).toMatch(/^given: expected a user name without a colon/);
    },
  );
});

describe("a password", () => {
  test.each(["p", "with: colon", " Ä 😀 ", "a".repeat(4_096)])("may be %j", (value) => {
    expect(problemOf(passwordRule, value)).toBeUndefined();
  });

  test.each(["", `${CANARY}\r\nx: y`, "\t", "\u009f", "a".repeat(4_097), 5, { CANARY }])("is not %j", (value) => {
    expect(problemOf(passwordRule, value)).toMatch(/^given: expected a password without control characters/);
  });
});

describe("a token", () => {
  test.each(["t", "!~", "glc_eyJv==", "a".repeat(4_096)])("may be %j", (value) => {
    expect(problemOf(tokenRule(), value)).toBeUndefined();
  });

  test.each(["", `${CANARY} x`, `${CANARY}\n`, "ä", "\u007f", "a".repeat(4_097), 5, [CANARY]])("is not %j", (value) => {
    expect(problemOf(tokenRule(), value)).toMatch(/^given: expected a token of visible ASCII characters/);
  });

  test("has the length and the description that its publisher gives", () => {
    const rule = tokenRule({ maxLength: 3, expected: "an API key" });
    expect([problemOf(rule, "abc"), problemOf(rule, "abcd")]).toEqual([
      undefined,
      "given: expected an API key; it is longer than 3 characters",
    ]);
  });
});

describe("headers", () => {
  const TEXT = "expected a header's text in one line, without space around it";

  test.each<[string, Readonly<Record<string, string>>]>([
    ["none", {}],
    ["names of every allowed sign", { "X-Tenant_1!#$%&'*+.^`|~": "a" }],
    ["a name of 128 characters", { ["x".repeat(128)]: "a" }],
    ["texts with space, tab and Latin 1 inside", { a: "Basic ZXZl", b: "a\tb  c", c: "é\xff", d: "~" }],
    ["a text of 8 KiB", { a: "x".repeat(8_192) }],
  ])("may be %s", (_what, value) => {
    expect(problemOf(headersRule(), value)).toBeUndefined();
  });

  test.each<[string, unknown, string]>([
    ["a text", `x-tenant: ${CANARY}`, "given: expected an object with header names and texts, got a string"],
    ["a list", [CANARY], "given: expected an object with header names and texts, got an array"],
    ["null", null, "given: expected an object with header names and texts, got null"],
    ["an empty name", { "": CANARY }, "given[…]: expected the name of a header"],
    ["a name with a line end", { [`x\n${CANARY}`]: "a" }, "given[…]: expected the name of a header"],
    ["a name with a space", { [`Bearer ${CANARY}`]: "a" }, "given[…]: expected the name of a header"],
    ["a name with a colon", { [`x:${CANARY}`]: "a" }, "given[…]: expected the name of a header"],
    ["a name beyond ASCII", { [`ä${CANARY}`]: "a" }, "given[…]: expected the name of a header"],
    ["a name of 129 characters", { ["x".repeat(129)]: "a" }, "given[…]: expected the name of a header"],
    ["an empty text", { "x-a": "" }, `given.x-a: ${TEXT}`],
    ["a text with a line end", { "x-a": `${CANARY}\r\nx: y` }, `given.x-a: ${TEXT}`],
    ["a text with a line feed at its end", { "x-a": `${CANARY}\n` }, `given.x-a: ${TEXT}`],
    ["a text with a space before it", { "x-a": ` ${CANARY}` }, `given.x-a: ${TEXT}`],
    ["a text with a tab after it", { "x-a": `${CANARY}\t` }, `given.x-a: ${TEXT}`],
    ["a text with NUL", { "x-a": `${CANARY}\0b` }, `given.x-a: ${TEXT}`],
    ["a text beyond Latin 1", { "x-a": `${CANARY}€` }, `given.x-a: ${TEXT}`],
    ["a text of more than 8 KiB", { "x-a": "x".repeat(8_193) }, `given.x-a: ${TEXT}`],
    ["a number", { "x-a": 5 }, `given.x-a: ${TEXT}`],
    ["a list of texts", { "x-a": [CANARY] }, `given.x-a: ${TEXT}`],
    ["no text", { "x-a": undefined }, `given.x-a: ${TEXT}`],
    ["headers whose getter throws", throwing(), "given: could not be read"],
  ])("are not %s", (_what, value, problem) => {
    expect(problemOf(headersRule(), value)).toBe(problem);
  });

  test("are not those that the publisher sets itself, in any case", () => {
    const rule = headersRule({ reserved: new Set(["content-type"]) });
    expect(problemOf(rule, { "Content-TYPE": CANARY })).toBe("given.Content-TYPE: is set by the publisher itself");
    expect(problemOf(rule, { "x-content-type": "a" })).toBeUndefined();
  });

  test("may have lists of texts, or none, where the publisher allows lists", () => {
    const rule = headersRule({ allowLists: true });
    expect(problemOf(rule, { a: ["b", "c"], d: [], e: undefined, f: null, g: "h" })).toBeUndefined();
    for (const list of [["b", ""], [CANARY, 5], [[CANARY]], [`${CANARY}\n`], 5])
      expect(problemOf(rule, { "x-a": list })).toBe(`given.x-a: ${TEXT}`);
  });

  test("are all described at once", () => {
    expect(problemOf(headersRule(), { "x y": "a", b: "", c: "ok", d: 1 })?.split("\n")).toEqual([
      "given[…]: expected the name of a header",
      `  given.b: ${TEXT}`,
      `  given.d: ${TEXT}`,
    ]);
  });
});

function throwing(): object {
  return Object.defineProperty({}, "x-a", {
    enumerable: true,
    get: () => {
      throw new Error(CANARY);
    },
  });
}
