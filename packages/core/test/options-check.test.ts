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
    "  name: expected a kebab-case name of at most 64 characters, got a string",
    "  resource.serviceName: missing",
    "  onError: expected a function, got a string",
    "  clock: expected a clock with now, monotonic and setTimeout, got an object",
    "  port: expected an integer from 0 to 65535, got a number",
    "  hosts[1]: expected a non-empty string, got a number",
    "  hosts[2]: expected a non-empty string, got a string",
    '  auth.pasword: unknown option, did you mean "password"?',
    "  auth.username: expected a non-empty string, got a number",
    "  auth.password: missing",
    "  format: expected one of text, openmetrics, got a string",
    "  ratio: expected a number from 0 to 1, got a number",
    "  headers.a: expected a non-empty string, got a number",
  ]);
});

test("suggests the nearest name for an unknown one, and none where nothing is near", () => {
  expect(messageOf({ hosts: [], prot: 1 })).toContain('prot: unknown option, did you mean "port"?');
  expect(messageOf({ hosts: [], zzzzzzzz: 1 })).toMatch(/zzzzzzzz: unknown option$/);
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
