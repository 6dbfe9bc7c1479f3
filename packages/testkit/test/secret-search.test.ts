import { canaryRecords, findSecrets } from "@eventmeter/testkit";
import { describe, expect, test } from "vitest";

const secrets = {
  word: "Canary-Header-9y6n",
  sentence: "Canary pass:word 1q9z",
  dotted: "Canary.Bearer-8r4v",
  base64: Buffer.from("key-id:Canary-Key-3w7x").toString("base64"),
  token: `glc_${Buffer.from(JSON.stringify({ o: "4711", k: "Canary-Part-6e2c" })).toString("base64")}`,
  odd: 'Canary "ä&ö"\n+/% 7o5j',
  signs: "Canary?>~?>~?>~7o5j",
  short: "hunter2",
};

const fail = (): never => {
  throw new Error("read");
};

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function nested(depth: number, innermost: unknown): unknown {
  let value = innermost;
  for (let at = 0; at < depth; at += 1) value = { value };
  return value;
}

const SHAPES: Readonly<Record<string, (secret: string) => unknown>> = {
  "in a message": (secret) => new Error(`with ${secret}`),
  "in a cause of a cause": (secret) => new Error("a", { cause: new Error("b", { cause: { deep: [secret] } }) }),
  "in one of several errors": (secret) => new AggregateError([new Error("a"), new Error(secret)], "b"),
  "in a property that is not shown": (secret) => Object.defineProperty(new Error("a"), "meta", { value: { secret } }),
  "in a property of a class that computes it": (secret) =>
    new (class {
      get token(): string {
        return secret;
      }
    })(),
  "in another case": (secret) => secret.toUpperCase(),
  "in base64": (secret) => Buffer.from(secret).toString("base64"),
  "in base64 behind something": (secret) => `Basic ${Buffer.from(`user:${secret}`).toString("base64")}`,
  "in base64 behind one more": (secret) => Buffer.from(`users:${secret}; more`).toString("base64"),
  "in base64 for a URL": (secret) => Buffer.from(`??${secret}??`).toString("base64url"),
  "in hexadecimal": (secret) => Buffer.from(secret).toString("hex"),
  "in capital hexadecimal": (secret) => Buffer.from(secret).toString("hex").toUpperCase(),
  "escaped for a URL": (secret) => `http://x/?k=${encodeURIComponent(secret)}`,
  "escaped as a whole URL": (secret) => encodeURI(`http://x/${secret}`),
  "escaped as a form": (secret) => new URLSearchParams({ k: secret }),
  "escaped in small letters": (secret) => encodeURIComponent(secret).replaceAll(/%\w\w/g, (hex) => hex.toLowerCase()),
  "within JSON": (secret) => `the body was ${JSON.stringify({ secret })}`,
  "in bytes": (secret) => ({ body: Buffer.from(`{"a":"${secret}"}`) }),
  "in bytes of Latin 1": (secret) => Buffer.from(`{"a":"${secret}"}`, "latin1"),
  "in a part of shared bytes": (secret) => new Uint8Array(Buffer.from(`ab${secret}`)).subarray(2),
  "in an ArrayBuffer": (secret) => new Uint8Array(Buffer.from(secret)).buffer,
  "as a key, in a Map": (secret) => new Map([[{ [secret]: 1 }, 1]]),
  "in a Set": (secret) => new Set([[secret]]),
  "behind a symbol": (secret) => ({ [Symbol("hidden")]: secret }),
  "as a symbol": (secret) => ({ [Symbol(secret)]: 1 }),
  "in what JSON gives alone": (secret) => ({ toJSON: () => secret }),
  "in what it is as text alone": (secret) => ({
    toString: () => secret,
    [Symbol.for("nodejs.util.inspect.custom")]: fail,
  }),
  "in headers": (secret) => new Headers({ authorization: `Bearer ${encodeURIComponent(secret)}` }),
  "beside itself": (secret) => {
    const value: Record<string, unknown> = { deep: { secret } };
    value["self"] = value;
    return value;
  },
  "beside what cannot be read": (secret) => [
    revoked(),
    new Proxy({}, { get: fail, ownKeys: fail, getPrototypeOf: fail }),
    Object.defineProperty({}, "x", { enumerable: true, get: fail }),
    { toJSON: fail, [Symbol.toPrimitive]: fail, [Symbol.for("nodejs.util.inspect.custom")]: fail },
    { secret },
  ],
  "deeper than a stack": (secret) => nested(100_000, secret),
};

describe.each(Object.entries(SHAPES))("finds a secret %s:", (_shape, show) => {
  test.each(Object.entries(secrets))("%s", (name, secret) => {
    expect(findSecrets(show(secret), secrets)).toContain(name);
    expect(findSecrets({ a: [{ value: show(secret) }] }, { only: secret })).toEqual(["only"]);
  });
});

test.each(Object.entries(SHAPES))("finds nothing in what shows another secret %s", (_shape, show) => {
  expect(findSecrets(show("Marmot-Token-5f3k"), secrets)).toEqual([]);
});

test.each<[string, unknown]>([
  ["nothing", undefined],
  [
    "a private field",
    new (class {
      readonly #secret = secrets.word;
      has(): boolean {
        return this.#secret !== "";
      }
    })(),
  ],
  [
    "what a function closes over",
    (() => {
      const { word } = secrets;
      return { read: () => word };
    })(),
  ],
  ["a part of it", secrets.word.slice(0, -1)],
  ["base64 with other letters", Buffer.from(secrets.word).toString("base64").toLowerCase()],
])("finds nothing in %s", (_what, value) => {
  expect(findSecrets(value, secrets)).toEqual([]);
});

test("does not take chance for a form of a short secret", () => {
  expect(findSecrets({ at: 1_761_627_364, id: "YWJj6162" }, { short: "ab" })).toEqual([]);
  expect(findSecrets("cab", { short: "ab" })).toEqual(["short"]);
});

test("refuses to look for an empty secret", () => {
  expect(() => findSecrets({}, { key: "" })).toThrow('the secret "key" is empty');
});

test("refuses to look through a value that has no end", () => {
  class Endless {
    get next(): Endless {
      return new Endless();
    }
  }
  expect(() => findSecrets(new Endless(), secrets)).toThrow("more than 1000000 parts");
});

test("finds every value of the canary records in them", () => {
  const { values, ...records } = canaryRecords;
  expect(findSecrets(records, values)).toEqual(Object.keys(values));
  for (const record of [records.event, records.network])
    expect(findSecrets(record, values)).toEqual(expect.arrayContaining(["taskId", "attribute", "errorMessage"]));
});
