// Reader for the health of publishers that anyone may have written.
import { describe, expect, test } from "vitest";
import { createPublisher, type PublisherHealth } from "../src/index.ts";
import { failingHealth, readHealth } from "../src/publisher.ts";

const good: PublisherHealth = createPublisher({ name: "good", event: () => undefined }).health();

const fail = (): never => {
  throw new Error("from outside");
};
/** An object whose property `name` throws when it is read. */
const throwing = (name: string, object: object = { ...good }): object =>
  Object.defineProperty(object, name, { enumerable: true, get: fail });
const read = (health: unknown): PublisherHealth | undefined =>
  readHealth({ name: "asked", health: () => health as never });
const childrenOf = (children: unknown): readonly PublisherHealth[] | undefined => read({ ...good, children })?.children;
const count = (health: PublisherHealth): number =>
  1 + (health.children ?? []).reduce((sum, child) => sum + count(child), 0);
const depth = (health: PublisherHealth): number => 1 + Math.max(0, ...(health.children ?? []).map(depth));

test("copies every field of a health, under the name of the publisher", () => {
  const full: PublisherHealth = {
    ...good,
    name: "another",
    state: "degraded",
    received: 21,
    recovered: 2,
    delivered: 8,
    dropped: 5,
    ignored: 4,
    pending: 6,
    droppedBy: { invalid: 3, closed: 2 },
    ignoredBy: { filtered: 4 },
    pendingDetail: { bytes: 512, oldestAgeMs: 30 },
    repaired: 9,
    retries: 7,
    lastSuccess: 1.7e12,
    lastError: { code: "send-failed", message: "it failed", time: 1.7e12 + 1 },
    children: [{ ...good, name: "inside", children: [] }],
  };
  const copy = read(full);
  expect(copy).toEqual({ ...full, name: "asked" });
  expect(Object.keys(copy ?? {})).not.toContain("extra");
  expect(copy?.droppedBy).not.toBe(full.droppedBy);
  expect(read({ ...good, extra: 1 })).toEqual({ ...good, name: "asked" });
});

test("calls health() on its publisher, and reads each field once", () => {
  const reads: PropertyKey[] = [];
  const health = new Proxy({ ...good }, { get: (target, key) => (reads.push(key), Reflect.get(target, key)) });
  const publisher = { name: "asked", own: health, health: () => publisher.own };
  expect(readHealth(publisher)?.state).toBe("idle");
  // A promise is recognised by its `then`.
  expect(reads.map(String).toSorted()).toEqual([...Object.keys(good), "then"].toSorted());
});

describe("returns undefined", () => {
  test.each<[string, unknown]>([
    ["null", null],
    ["a text", "ok"],
    ["an empty object", {}],
    ["an unknown state", { ...good, state: "fine" }],
    ["a state that is none", { ...good, state: undefined }],
    ...["received", "recovered", "delivered", "dropped", "ignored", "pending"].flatMap((total): [string, unknown][] => [
      [`no ${total}`, { ...good, [total]: undefined }],
      [`a text as ${total}`, { ...good, [total]: "1" }],
      [`NaN as ${total}`, { ...good, [total]: Number.NaN }],
      [`Infinity as ${total}`, { ...good, [total]: Infinity }],
    ]),
    ["a field that throws", throwing("lastError")],
    ["a text of an error that throws", { ...good, lastError: { code: { toString: fail }, message: "", time: 0 } }],
    ["a list of children that throws", { ...good, children: new Proxy([good], { get: fail }) }],
  ])("for %s", (_what, health) => {
    expect(read(health)).toBeUndefined();
  });

  test("where health() throws", () => {
    expect(readHealth({ name: "asked", health: fail })).toBeUndefined();
  });

  test("for a promise, whose rejection is handled", async () => {
    const rejections: unknown[] = [];
    const onRejection = (reason: unknown): void => void rejections.push(reason);
    process.on("unhandledRejection", onRejection);
    expect(read(Promise.reject(new Error("late")))).toBeUndefined();
    expect(read(Promise.resolve(good))).toBeUndefined();
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", onRejection);
    expect(rejections).toEqual([]);
  });

  test("for an object with a then that throws when it is called", () => {
    // oxlint-disable-next-line unicorn/no-thenable -- what a foreign publisher may return
    expect(read({ ...good, then: fail })).toBeUndefined();
  });
});

describe("replaces what cannot be used", () => {
  test.each<[string, Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>]>([
    [
      "counts by reason",
      { droppedBy: { invalid: 1, closed: -1, failed: Number.NaN, refused: "2", expired: Infinity, overflow: 0 } },
      { droppedBy: { invalid: 1, overflow: 0 } },
    ],
    ["ignored by reason", { ignoredBy: { filtered: 2, unwanted: null } }, { ignoredBy: { filtered: 2 } }],
    ["reasons that are a text or null", { droppedBy: null, ignoredBy: 5 }, { droppedBy: {}, ignoredBy: {} }],
    [
      "detail",
      { pendingDetail: { bytes: "many", oldestAgeMs: Number.NaN } },
      { pendingDetail: { bytes: 0, oldestAgeMs: null } },
    ],
    ["a detail that is none", { pendingDetail: null }, { pendingDetail: { bytes: 0, oldestAgeMs: null } }],
    ["counts", { repaired: Number.NaN, retries: "3" }, { repaired: 0, retries: 0 }],
    ["times", { lastSuccess: new Date(5) }, { lastSuccess: null }],
    ["an error that is a text", { lastError: "it failed" }, { lastError: null }],
    [
      "parts of an error",
      { lastError: { code: 5, message: undefined, time: "7" } },
      { lastError: { code: "5", message: "undefined", time: Number.NaN } },
    ],
    [
      "the time of an error that is null",
      { lastError: { code: "a", message: "b", time: null } },
      { lastError: { code: "a", message: "b", time: Number.NaN } },
    ],
    ["children that are no list", { children: { 0: good, length: 1 } }, {}],
  ])("%s", (_what, given, expected) => {
    expect(read({ ...good, ...given })).toEqual({ ...good, name: "asked", ...expected });
  });
});

describe("children", () => {
  const one = { ...good, name: "one" };

  test("are read, theirs too, in order", () => {
    const nested = { ...good, name: "two", children: [{ ...good, name: "three" }] };
    expect(childrenOf([one, nested])).toEqual([one, nested]);
  });

  test.each<[string, unknown]>([
    ["null", null],
    ["a text", "child"],
    ["without a name", { ...good, name: undefined }],
    ["with a name that is a number", { ...good, name: 1 }],
    ["whose name throws", throwing("name")],
    ["that is a revoked Proxy", revoked()],
    ["that is a promise", Promise.resolve(one)],
  ])("without a name are left out: one %s", (_what, child) => {
    expect(childrenOf([child, one, child])).toEqual([one]);
  });

  test.each<[string, unknown]>([
    ["of an unknown state", { ...good, state: "fine" }],
    ["without a total", { ...good, pending: undefined }],
    ["that is a name alone", { name: good.name }],
    ["whose state throws", throwing("state")],
  ])("with a name but no health are failing: one %s", (_what, child) => {
    expect(childrenOf([child, one])).toEqual([failingHealth(good.name), one]);
  });

  test("are absent where the health has none", () => {
    expect(read(good)).not.toHaveProperty("children");
    expect(childrenOf([])).toEqual([]);
  });
});

test("a list of millions of holes is not walked to its end", () => {
  const children: unknown[] = [good, good, good];
  children.length = 2 ** 22;
  const begun = performance.now();
  expect(childrenOf(children)).toHaveLength(3);
  expect(performance.now() - begun).toBeLessThan(1_000);
});

describe("a health without end", () => {
  test("is read to a depth of 16", () => {
    const cyclic: Record<string, unknown> = { ...good, name: "cyclic" };
    cyclic["children"] = [cyclic];
    const health = read(cyclic);
    expect(health && depth(health)).toBe(16);
  });

  test("is read to 1,000 healths in all", () => {
    const wide = Array.from({ length: 1_500 }, () => good);
    expect(childrenOf(wide)).toHaveLength(999);
    const cyclic: Record<string, unknown> = { ...good, name: "cyclic" };
    cyclic["children"] = [cyclic, cyclic, cyclic];
    const health = read(cyclic);
    expect(health && count(health)).toBe(1_000);
  });

  test("may grow while it is read", () => {
    const endless = (): object => ({
      ...good,
      get children() {
        return [endless(), endless()];
      },
    });
    const health = read(endless());
    expect(health && [depth(health), count(health)]).toEqual([16, 1_000]);
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
