// Reader for the reports of flush() and close() of publishers that anyone may have written.
import { describe, expect, test } from "vitest";
import { createPublisher, type FlushReport, type MetricsPublisher } from "../src/index.ts";
import { readReport } from "../src/publisher.ts";

const zeros = { received: 0, recovered: 0, delivered: 0, dropped: 0, ignored: 0, pending: 0 };
const good: FlushReport = { name: "good", status: "complete", ...zeros, droppedBy: {}, durable: 0 };
const aborted: FlushReport = { ...good, status: "aborted" };

const fail = (): never => {
  throw new Error("from outside");
};
/** An object whose property `name` throws when it is read. */
const throwing = (name: string, object: object = { ...good }): object =>
  Object.defineProperty(object, name, { enumerable: true, get: fail });
const asked = (health: () => unknown = fail): MetricsPublisher => ({
  ...createPublisher({ name: "asked" }),
  health: health as MetricsPublisher["health"],
});
const read = (report: unknown): FlushReport | undefined => readReport(asked(), report);
const childrenOf = (children: unknown): readonly FlushReport[] | undefined => read({ ...good, children })?.children;
const count = (report: FlushReport): number =>
  1 + (report.children ?? []).reduce((sum, child) => sum + count(child), 0);
const depth = (report: FlushReport): number => 1 + Math.max(0, ...(report.children ?? []).map(depth));

test("copies every field of a report, under the name of the publisher", () => {
  const full: FlushReport = {
    name: "another",
    status: "timeout",
    received: 21,
    recovered: 2,
    delivered: 8,
    dropped: 5,
    ignored: 4,
    pending: 6,
    droppedBy: { invalid: 3, closed: 2 },
    durable: 1,
    children: [{ ...good, name: "inside", children: [] }],
  };
  const copy = read({ ...full, extra: 1 });
  expect(copy).toEqual({ ...full, name: "asked" });
  expect(copy?.droppedBy).not.toBe(full.droppedBy);
});

test("reads each field once", () => {
  const reads: PropertyKey[] = [];
  read(new Proxy({ ...good }, { get: (target, key) => (reads.push(key), Reflect.get(target, key)) }));
  expect(reads.map(String).toSorted()).toEqual(Object.keys(good).toSorted());
});

test.each<[string, unknown]>([
  ["nothing", undefined],
  ["null", null],
  ["a text", "complete"],
  ["an empty object", {}],
  ["a promise", Promise.resolve(good)],
  ["an unknown status", { ...good, status: "done" }],
  ["a status that is none", { ...good, status: undefined }],
  ...Object.keys(zeros).flatMap((total): [string, unknown][] => [
    [`no ${total}`, { ...good, [total]: undefined }],
    [`a text as ${total}`, { ...good, [total]: "1" }],
    [`NaN as ${total}`, { ...good, [total]: Number.NaN }],
  ]),
  ["a field that throws", throwing("durable")],
  ["a list of children that throws", { ...good, children: new Proxy([good], { get: fail }) }],
])("returns undefined for %s", (_what, report) => {
  expect(read(report)).toBeUndefined();
});

test.each<[string, Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>]>([
  [
    "counts by reason",
    { droppedBy: { invalid: 1, closed: -1, failed: Number.NaN, refused: "2", expired: Infinity, overflow: 0 } },
    { droppedBy: { invalid: 1, overflow: 0 } },
  ],
  ["a number of durable records that is none", { durable: "many" }, { durable: 0 }],
  ["children that are no list", { children: { 0: good, length: 1 } }, {}],
])("replaces what cannot be used: %s", (_what, given, expected) => {
  expect(read({ ...good, ...given })).toEqual({ ...good, name: "asked", ...expected });
});

describe("a report without reasons", () => {
  const { droppedBy: _, ...older } = { ...good, received: 3, dropped: 3 };

  test("has those of the health, if the health dropped as many", () => {
    const health = { ...asked(), ...createPublisher({ name: "asked" }).health(), received: 3, dropped: 3 };
    const given = asked(() => ({ ...health, droppedBy: { rejected: 3 } }));
    expect(readReport(given, older)).toEqual({ ...older, name: "asked", droppedBy: { rejected: 3 } });
    expect(readReport(given, { ...older, droppedBy: null })?.droppedBy).toEqual({ rejected: 3 });
  });

  test("has none, if the health is of another moment or cannot be read", () => {
    const health = createPublisher({ name: "asked" }).health();
    expect(
      readReport(
        asked(() => health),
        older,
      ),
    ).not.toHaveProperty("droppedBy");
    expect(readReport(asked(), older)).not.toHaveProperty("droppedBy");
  });
});

test("a closed publisher has the numbers of its health, where it has dropped more since its report", async () => {
  const publisher = createPublisher({ name: "asked", event: () => undefined }, { onError: () => undefined });
  const report = { ...(await publisher.close()), durable: 2 };
  expect(readReport(publisher, report)).toEqual(report);
  publisher.publishEventMetrics({ eventName: "late", taskId: 1, startTime: 0 });
  const late = { received: 1, dropped: 1, droppedBy: { closed: 1 } };
  expect(readReport(publisher, report)).toEqual({ ...report, ...late });
});

describe("children", () => {
  const one: FlushReport = { ...good, name: "one" };

  test("are read, theirs too, in order; they need no name", () => {
    const { name: _, ...nameless } = good;
    const nested = { ...nameless, children: [{ ...good, name: "three", dropped: 2, droppedBy: { closed: 2 } }] };
    expect(childrenOf([one, nested])).toEqual([one, nested]);
  });

  test.each<[string, unknown]>([
    ["of an unknown status", { ...good, status: "fine" }],
    ["without a total", { ...good, pending: undefined }],
    ["that is a name alone", { name: good.name }],
    ["whose status throws", throwing("status")],
    ["whose children throw", { ...good, children: new Proxy([good], { get: fail }) }],
  ])("with a name that cannot be read are aborted, not left out: one %s", (_what, child) => {
    expect(childrenOf([child, one])).toEqual([aborted, one]);
  });

  test.each<[string, unknown]>([
    ["null", null],
    ["a text", "child"],
    ["a number as name and no report", { name: 1 }],
    ["a name that throws", throwing("name", {})],
    ["a promise", Promise.resolve(good)],
  ])("without a name that are no report are left out: one %s", (_what, child) => {
    expect(childrenOf([child, one, child])).toEqual([one]);
  });

  test("are read to a depth of 16 and to 1,000 in all, also in a cycle or a list of millions of holes", () => {
    const cyclic: Record<string, unknown> = { ...good };
    cyclic["children"] = [cyclic];
    expect(depth(read(cyclic) ?? good)).toBe(16);
    cyclic["children"] = [cyclic, cyclic, cyclic];
    expect(count(read(cyclic) ?? good)).toBe(1_000);
    const holes: unknown[] = [good];
    holes.length = 2 ** 22;
    expect(childrenOf(holes)).toEqual([good]);
  });

  test("that cannot be read count towards the limit", () => {
    const broken = Array.from({ length: 1_000 }, () => ({ name: "broken" }));
    const wide = Array.from({ length: 100 }, () => ({ ...good, children: broken }));
    expect(count(read({ ...good, children: wide }) ?? good)).toBe(1_000);
  });
});

describe("with a status, where no report came back", () => {
  test("makes a report of the health, with what is inside", () => {
    const health = createPublisher({ name: "x" }).health();
    const inner = { ...health, name: "inner", received: 2, dropped: 2, droppedBy: { rejected: 2 } };
    const publisher = asked(() => ({ ...health, received: 3, pending: 3, children: [inner] }));
    expect(readReport(publisher, undefined, "timeout")).toEqual({
      ...good,
      name: "asked",
      status: "timeout",
      received: 3,
      pending: 3,
      children: [{ ...good, name: "inner", status: "timeout", received: 2, dropped: 2, droppedBy: { rejected: 2 } }],
    });
  });

  test("makes one of zeros of a health that cannot be read", () => {
    expect(readReport(asked(), {}, "aborted")).toEqual({ ...aborted, name: "asked" });
  });

  test("keeps a report that came back", () => {
    expect(readReport(asked(), good, "aborted")).toEqual({ ...good, name: "asked" });
  });
});
