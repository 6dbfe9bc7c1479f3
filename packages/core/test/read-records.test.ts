import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { type EventMetrics, formatMetrics, type NetworkMetrics } from "../src/index.ts";
import {
  createEventFields,
  createNetworkFields,
  readAttribute,
  readAttributes,
  readEvent,
  readNetwork,
} from "../src/publisher.ts";

const event: EventMetrics = {
  eventName: "job",
  taskId: "t-1",
  startTime: 1_700_000_000_000,
  endTime: new Date(1_700_000_000_250),
  status: "cancelled",
  error: null,
  errorType: "E42",
  retryCount: 2,
  processId: 7,
  pipelineId: "p",
  traceId: "t",
  spanId: "s",
  recordId: "r",
  attributes: { a: 1 },
};
const network: NetworkMetrics = {
  operation: "GET",
  host: "db",
  port: 5432,
  startTime: 1_700_000_000_000,
  endTime: 1_700_000_000_250,
  bytesSent: 10,
  bytesReceived: 20,
  taskId: 5,
  eventName: "job",
};

/** Counts how often each field of a record is read. */
function counted<Rec extends object>(record: Rec): { record: Rec; reads: Map<string | symbol, number> } {
  const reads = new Map<string | symbol, number>();
  const proxy = new Proxy(record, {
    get(target, name) {
      reads.set(name, (reads.get(name) ?? 0) + 1);
      return Reflect.get(target, name);
    },
    set: () => {
      throw new Error("a reader writes to the caller's object");
    },
  });
  return { record: proxy, reads };
}

test("reads every field exactly once and never writes", () => {
  const counting = counted(event);
  expect(readEvent(counting.record, createEventFields())).toBe(true);
  expect(Object.fromEntries(counting.reads)).toEqual(
    Object.fromEntries([...Object.keys(event), "operation"].map((name) => [name, 1])),
  );
  const traffic = counted(network);
  expect(readNetwork(traffic.record, createNetworkFields())).toBe(true);
  expect(Math.max(...traffic.reads.values())).toBe(1);
  expect(Object.keys(network).filter((name) => !traffic.reads.has(name))).toEqual([]);
});

test("leaves out in scope series what only documents hold", () => {
  const counting = counted(event);
  const fields = createEventFields("series");
  expect(readEvent(counting.record, fields)).toBe(true);
  for (const name of ["processId", "pipelineId", "spanId", "recordId"]) expect(counting.reads.has(name)).toBe(false);
  expect(fields).toMatchObject({
    eventName: "job",
    status: "cancelled",
    endTime: 1_700_000_000_250,
    errorType: "E42",
    pipelineId: null,
  });
});

test("gives fields that can be published again with the same meaning", () => {
  const fields = createEventFields();
  readEvent({ ...event, error: new TypeError("no input"), status: undefined, errorType: undefined }, fields);
  expect(formatMetrics(fields)).toMatchObject({ status: "failed", error: "no input", error_type: "TypeError" });
  expect(readEvent(fields, createEventFields())).toBe(true);
});

test("keeps nothing of the last record in the next", () => {
  const fields = createEventFields();
  readEvent(event, fields);
  readEvent({ eventName: "bare", taskId: 0, startTime: 1_700_000_000_000 }, fields);
  expect(fields).toEqual({
    ...createEventFields(),
    eventName: "bare",
    taskId: "0",
    startTime: 1_700_000_000_000,
    status: "running",
  });
});

test("survives a record whose getters publish on the way", () => {
  const fields = createEventFields();
  const nested = {
    ...event,
    get recordId() {
      readEvent({ ...event, eventName: "inner" }, fields);
      return "outer";
    },
  };
  expect(readEvent(nested, fields)).toBe(true);
  expect(fields).toMatchObject({ eventName: "job", recordId: "outer" });
});

const anything = fc.oneof(
  fc.anything({
    withBigInt: true,
    withDate: true,
    withNullPrototype: true,
    withObjectString: true,
    withSparseArray: true,
  }),
  fc.constantFrom(
    Number.NaN,
    Infinity,
    -1,
    1.7e9,
    1.7e12,
    1.7e15,
    Symbol("s"),
    () => 1,
    new Date(Number.NaN),
    Object.create(null),
  ),
);
const eventShape = fc.record(Object.fromEntries(Object.keys(event).map((name) => [name, anything])), {
  requiredKeys: [],
});
const networkShape = fc.record(Object.fromEntries(Object.keys(network).map((name) => [name, anything])), {
  requiredKeys: [],
});

test.prop([fc.oneof(eventShape, anything)])(
  "never throws for any event, and formats it as JSON without NaN or Infinity",
  (record) => {
    const fields = createEventFields();
    if (!readEvent(record as never, fields)) expect(fields.problem).not.toBe("");
    expectJsonSafe(formatMetrics(record as never));
  },
);

test("reads -0 as 0, in every number of a record", () => {
  const numbers = { retryCount: -0, processId: -0, attributes: { count: -0 } };
  const traffic = { operation: "GET", host: "", port: -0, bytesSent: -0, bytesReceived: -0 };
  expectJsonSafe(formatMetrics({ ...event, ...numbers }));
  expectJsonSafe(formatMetrics({ ...traffic, startTime: event.startTime, attributes: { count: -0 } }));
});

test.prop([fc.oneof(networkShape, anything)])(
  "never throws for any network operation, and formats it as JSON without NaN or Infinity",
  (record) => {
    const fields = createNetworkFields();
    if (!readNetwork(record as never, fields)) expect(fields.problem).not.toBe("");
    expectJsonSafe(formatMetrics(record as never));
  },
);

function expectJsonSafe(formatted: object): void {
  expect(JSON.parse(JSON.stringify(formatted))).toEqual(formatted);
  for (const name of ["duration", "latency"])
    expect(Number((formatted as Record<string, unknown>)[name] ?? 0)).toBeGreaterThanOrEqual(0);
}

test("names every wrong field of an invalid record, and no value", () => {
  const fields = createEventFields();
  expect(readEvent({ eventName: 5, taskId: [], startTime: 1.7e9, endTime: "2026-01-01" } as never, fields)).toBe(false);
  expect(fields.problem).toBe(
    "eventName: not a string; taskId: neither a string nor a finite number; " +
      "startTime: looks like seconds, milliseconds are expected; endTime: neither a number nor a Date, such as Date.now() or new Date(text)",
  );
  expect(readEvent({ ...event, startTime: 1.7e15, endTime: 1.7e18 }, fields)).toBe(false);
  expect(fields.problem).toBe(
    "startTime: looks like microseconds, milliseconds are expected; endTime: looks like nanoseconds, milliseconds are expected",
  );
  expect(readEvent(null as never, fields)).toBe(false);
  expect(fields.problem).toBe("the record is not an object, or reading a field of it threw");
});

test("keeps attributes named like members of Object.prototype", () => {
  const attributes = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}') as Record<string, string>;
  const formatted = formatMetrics({ ...event, attributes });
  expect(Object.entries(formatted.attributes ?? {})).toEqual([
    ["__proto__", "a"],
    ["constructor", "b"],
    ["toString", "c"],
  ]);
  expect(({} as Record<string, unknown>)["a"]).toBeUndefined();
});

test("promotes own attributes only, as text", () => {
  const fields = { attributes: { tenant: "a", size: 2, on: true, none: null, bad: {} as never }, repaired: 0 };
  const read = (name: string): string => readAttribute(fields, name);
  expect(["tenant", "size", "on", "none", "absent", "toString", "bad"].map(read)).toEqual([
    "a",
    "2",
    "true",
    "",
    "",
    "",
    "",
  ]);
  expect(fields.repaired).toBe(1);
});

test("keeps 64 attributes and counts what is left out", () => {
  const attributes = Object.fromEntries(Array.from({ length: 70 }, (_, index) => [`a${index}`, index]));
  const fields = { attributes: { ["n".repeat(129)]: 1, bad: Number.NaN, none: undefined, ...attributes }, repaired: 0 };
  const names: string[] = [];
  readAttributes(fields, (name) => names.push(name));
  expect(names).toHaveLength(64);
  expect(fields.repaired).toBe(1 + 1 + 6);
});

test("cuts texts to their limits and splits no character", () => {
  const fields = createEventFields();
  const readTask = (taskId: string): string => (readEvent({ ...event, taskId }, fields) ? fields.taskId : "");
  expect(readTask("x".repeat(1_025))).toBe("x".repeat(1_024));
  expect(readTask(`${"x".repeat(1_022)}😀y`)).toBe(`${"x".repeat(1_022)}😀`);
  expect(readTask(`${"x".repeat(1_023)}😀y`)).toBe("x".repeat(1_023));
  expect(readEvent({ ...event, eventName: "x".repeat(513) }, fields) && fields.eventName).toBe("x".repeat(512));
});
