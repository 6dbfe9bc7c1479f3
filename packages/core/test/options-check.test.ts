import { expect, test } from "vitest";
import { isPublisherError } from "../src/index.ts";
import { checkOptions, commonOptionRules, option, type OptionRules } from "../src/publisher.ts";

const rules: OptionRules = {
  ...commonOptionRules,
  port: option.integer(0, 65_535),
  hosts: option.required(option.list(option.string())),
  auth: option.group({ username: option.required(option.string()), password: option.required(option.string()) }),
  format: option.oneOf(["text", "openmetrics"]),
  ratio: option.number(0, 1),
  headers: option.record(option.string()),
};

function messageOf(options: unknown, together?: Parameters<typeof checkOptions>[3]): string {
  try {
    checkOptions("example", options, rules, together);
  } catch (error) {
    if (!isPublisherError(error)) throw error;
    expect(error.code).toBe("options");
    return error.message;
  }
  return "";
}

test("accepts good options and leaves out absent ones", () => {
  expect(
    messageOf({ hosts: ["a"], port: 0, auth: { username: "u", password: "p" }, ratio: 0.5, name: undefined }),
  ).toBe("");
});

test("lists every wrong field at once, by its path", () => {
  const message = messageOf({
    name: "Not Kebab",
    port: 70_000,
    hosts: ["a", 3, ""],
    auth: { username: 5, pasword: "p" },
    format: "html",
    ratio: Number.NaN,
    headers: { a: 1 },
    clock: {},
    onError: "log",
    resource: { serviceVersion: "1" },
  });
  expect(message.split("\n")).toEqual([
    "example: 13 options are wrong",
    "  name: expected a kebab-case name of at most 64 characters, such as job-metrics",
    "  resource.serviceName: missing",
    "  onError: expected a function, got a string",
    "  clock: expected a clock with now, monotonic and setTimeout, got an object",
    "  port: expected an integer from 0 to 65535, got a larger number",
    "  hosts[1]: expected a non-empty string, got a number",
    "  hosts[2]: expected a non-empty string, got an empty string",
    '  auth.pasword: unknown option, did you mean "password"?',
    "  auth.username: expected a non-empty string, got a number",
    "  auth.password: missing",
    "  format: expected one of text, openmetrics",
    "  ratio: expected a number from 0 to 1, got NaN",
    "  headers.a: expected a non-empty string, got a number",
  ]);
});

test("suggests the nearest name for an unknown one, and none where nothing is near", () => {
  expect(messageOf({ hosts: [], prot: 1 })).toContain('prot: unknown option, did you mean "port"?');
  expect(messageOf({ hosts: [], zzzzzzzz: 1 })).toMatch(/zzzzzzzz: unknown option$/);
});

test.each([
  ["four letters of which two differ", { node: "a", name: "b" }, "node"],
  ["a name that is known nowhere", { name: "b", colour: "red" }, "colour"],
])("suggests no name for %s", (_what, options, unknown) => {
  expect(
    messageOf({ hosts: [], ...options })
      .split("\n")
      .slice(1),
  ).toEqual([`  ${unknown}: unknown option`]);
});

test.each([
  ["two neighbours swapped", "prot", "port"],
  ["a letter too few", "hots", "hosts"],
  ["other letters in upper case", "onerror", "onError"],
  ["a third of the letters wrong", "headrz", "headers"],
])("suggests the nearest name for one with %s", (_what, unknown, near) => {
  expect(messageOf({ hosts: [], [unknown]: 1 })).toContain(`${unknown}: unknown option, did you mean "${near}"?`);
});

test("names the option for one that is called otherwise in another library", () => {
  const seen = (options: object): string[] => {
    try {
      checkOptions("example", options, rules, undefined, { node: "hosts", apiKey: "auth.username, in two parts" });
    } catch (error) {
      return String(error).split("\n").slice(1);
    }
    return [];
  };
  expect(seen({ hosts: [], node: "a", apiKey: "b", prot: 1, toString: "c" })).toEqual([
    "  node: unknown option; use hosts",
    "  apiKey: unknown option; use auth.username, in two parts",
    '  prot: unknown option, did you mean "port"?',
    "  toString: unknown option",
  ]);
});

test("names the option for one of a group that is called otherwise in another library", () => {
  const group = option.group({ ca: option.string() }, { rootCertificate: "ca" });
  expect(() => checkOptions("example", { tls: { rootCertificate: "x" } }, { tls: group })).toThrow(
    "tls.rootCertificate: unknown option; use ca",
  );
});

test("says where an option belongs that is inside of another one", () => {
  expect(messageOf({ hosts: [], serviceName: "shop", password: "p" }).split("\n").slice(1)).toEqual([
    "  serviceName: unknown option; use resource.serviceName",
    "  password: unknown option; use auth.password",
  ]);
  const required = { tls: option.required(option.group({ ca: option.string() })) };
  expect(() => checkOptions("example", { ca: "x", tls: {} }, required)).toThrow("ca: unknown option; use tls.ca");
});

test.each<[string, ReturnType<typeof option.string>, unknown, string]>([
  ["the type of a number", option.number(0, 1), "0.5", "a number from 0 to 1, got a string"],
  ["a number that is none", option.integer(1, 9), Number.NaN, "an integer from 1 to 9, got NaN"],
  ["a number without end", option.number(0, 1), -Infinity, "a number from 0 to 1, got -Infinity"],
  ["the side of a range", option.integer(1, 9), 0, "an integer from 1 to 9, got a smaller number"],
  ["the other side of a range", option.number(1, 9), 10, "a number from 1 to 9, got a larger number"],
  ["a fraction", option.integer(1, 9), 1.5, "an integer from 1 to 9, got a fraction"],
  ["a range without end", option.number(0, Number.MAX_VALUE), -1, "a number of at least 0, got a smaller number"],
  ["a range without begin", option.integer(-Infinity, 5), 6, "an integer of at most 5, got a larger number"],
  ["no range", option.number(-Number.MAX_VALUE, Number.MAX_VALUE), "", "a number, got an empty string"],
  ["the type of a text", option.string(), 5, "a non-empty string, got a number"],
  ["a text without characters", option.string(), "", "a non-empty string, got an empty string"],
  ["a text's format", option.string({ pattern: /^a$/, expected: "an a" }), "b", "an a"],
  ["a text's length", option.string({ maxLength: 2 }), "abc", "a non-empty string; it is longer than 2 characters"],
  ["a text that is none of some", option.oneOf(["a", "b"]), "c", "one of a, b"],
  ["the type of one of some", option.oneOf(["a", 2]), true, "one of a, 2, got a boolean"],
  ["the names of a group", option.group({ a: option.string() }), ["a"], "an object { a }, got an array"],
  ["the type that is not that of an instance", option.instance(() => false, "an a"), "b", "an a, got a string"],
  ["the format of an instance", option.instance(() => false, "an a", ["string"]), "b", "an a"],
  ["a promise", option.list(option.string()), Promise.resolve(), "an array, got a promise"],
  ["a URL", option.string(), new URL("http://a"), "a non-empty string, got a URL"],
  ["a date", option.integer(0, 1), new Date(), "an integer from 0 to 1, got a Date"],
  ["a function", option.boolean(), () => true, "true or false, got a function"],
])("names what is wrong: %s", (_what, rule, value, expected) => {
  expect(() => checkOptions("example", { given: value }, { given: rule })).toThrow(
    expect.objectContaining({ message: `example: an option is wrong\n  given: expected ${expected}` }),
  );
});

test("never shows a value", () => {
  const secret = "s3cr3t-canary";
  const message = messageOf({
    name: secret.toUpperCase(),
    auth: { username: secret, password: [secret] },
    headers: [secret],
    hosts: secret,
  });
  expect(message).not.toMatch(/canary/i);
  expect(message).toContain("auth.password");
});

test("reports an option whose getter throws, and options that are no object", () => {
  const hostile = {
    hosts: [],
    get port(): number {
      throw new Error("gotcha");
    },
  };
  expect(messageOf(hostile)).toContain("port: could not be read");
  expect(messageOf(null)).toContain("expected an object, got null");
  expect(messageOf([])).toContain("expected an object, got an array");
  expect(messageOf(undefined)).toContain("hosts: missing");
});

test("judges options together after each alone", () => {
  const message = messageOf({ hosts: ["a"], port: -1 }, (options, fault) => {
    if ("port" in options) fault("not together with hosts", "port");
  });
  expect(message).toContain("port: expected an integer");
  expect(message).toContain("port: not together with hosts");
});

test("sees the holes of a list, and shows no name that may be a secret", () => {
  const holes: string[] = [];
  holes[1] = "b";
  expect(messageOf({ hosts: holes })).toContain("hosts[0]: missing");
  expect(messageOf({ hosts: [], "s3cr3t-canary": 1 })).toMatch(/…: unknown option$/);
});

test("what cannot even be looked at is a wrong option, not an error of its own", () => {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const throwing = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error("secret");
      },
      get: () => {
        throw new Error("secret");
      },
    },
  );
  for (const options of [
    revoked.proxy,
    { resource: revoked.proxy },
    { resource: throwing },
    { clock: revoked.proxy },
  ]) {
    let seen: unknown;
    try {
      checkOptions("example", options, commonOptionRules);
    } catch (error) {
      seen = error;
    }
    expect(seen).toMatchObject({ code: "options" });
    expect(String(seen)).not.toContain("secret");
  }
});

test("a name is in kebab-case and has at most 64 characters", () => {
  const nameProblem = (name: string): string => messageOf({ hosts: [], name });
  for (const name of ["a", "a1-b2", `a${"b".repeat(63)}`]) expect(nameProblem(name)).toBe("");
  for (const name of ["", "A", "1a", "a-", "-a", "a--b", "a_b", `a${"b".repeat(64)}`])
    expect(nameProblem(name)).toContain("name: expected a kebab-case name of at most 64 characters");
});

test("a value that throws when it is looked at is not what was expected", () => {
  const clock = new Proxy(
    {},
    {
      get: () => {
        throw new Error("secret");
      },
    },
  );
  expect(messageOf({ hosts: [], clock })).toContain(
    "clock: expected a clock with now, monotonic and setTimeout, got an object",
  );
});
