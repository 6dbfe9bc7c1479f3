import { isIP } from "node:net";
import { type EventMetrics, formatMetrics, type MetricsRecord, type NetworkMetrics } from "@eventmeter/core";
import {
  createEventFields,
  createNetworkFields,
  type RecordFields,
  readEvent,
  readNetwork,
} from "@eventmeter/core/publisher";
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { DocumentEncoder } from "../src/documents/document-encoder.ts";
import { NOON } from "./publisher-harness.ts";

const ID = "01a2065b-bd68-7ae9-bbba-e5e4f7c631e3";
const resource = {
  serviceName: "billing",
  serviceVersion: "1.2",
  serviceInstanceId: "i-1",
  environment: "production",
  attributes: { zone: "a", spare: true },
};
const service = { name: "billing", version: "1.2", environment: "production", node: { name: "i-1" } };

function fieldsOf(record: MetricsRecord): RecordFields {
  if (record.operation === undefined) {
    const fields = createEventFields();
    expect(readEvent(record, fields), fields.problem).toBe(true);
    return fields;
  }
  const fields = createNetworkFields();
  expect(readNetwork(record, fields), fields.problem).toBe(true);
  return fields;
}

interface Line {
  readonly action: unknown;
  readonly document: Readonly<Record<string, unknown>>;
  readonly lane: string;
  readonly repaired: number;
}

/** Encodes a record and reads the lines as a server would. */
function encoded(record: MetricsRecord, options: Partial<ConstructorParameters<typeof DocumentEncoder>[0]> = {}): Line {
  const encoder = new DocumentEncoder({
    namespace: "default",
    indexPrefix: undefined,
    resource: undefined,
    ...options,
  });
  const fields = fieldsOf(record);
  const { data, lane } = encoder.encode(fields, { id: ID });
  const lines = new TextDecoder("utf-8", { fatal: true }).decode(data).split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[2]).toBe("");
  const [action, document] = lines.slice(0, 2).map((line) => JSON.parse(line) as unknown);
  return { action, document: document as Line["document"], lane, repaired: fields.repaired };
}

/** Leaves out what is undefined, as JSON does; a `__proto__` stays. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function attributesOf(record: MetricsRecord): Record<string, unknown> | undefined {
  const { attributes } = record.operation === undefined ? formatMetrics(record) : formatMetrics(record);
  const known = Object.entries(attributes ?? {}).filter(([name]) => !name.includes("\0"));
  return known.length === 0 ? undefined : Object.fromEntries(known);
}

/** The numbers under names of more than white space. */
function numbersIn(attributes: Record<string, unknown> = {}): Record<string, unknown> | undefined {
  const numbers = Object.entries(attributes).filter(
    ([name, value]) => typeof value === "number" && /[^\s\p{Cc}]/u.test(name),
  );
  return numbers.length === 0 ? undefined : Object.fromEntries(numbers);
}

/** The document in ECS fields, made another way: from the dictionary, as an object. */
function ecsOf(record: MetricsRecord): unknown {
  const dictionary = record.operation === undefined ? formatMetrics(record) : formatMetrics(record);
  const fields = fieldsOf(record);
  const dataset = `eventmeter.${dictionary.metric_type}`;
  const { error, error_type: type, trace_id: trace, span_id: span, record_id: id } = dictionary;
  const known = <Value>(value: Value | null | undefined): Value | undefined => value ?? undefined;
  const outcomes: Readonly<Record<string, string>> = { completed: "success", failed: "failure" };
  const common = {
    "@timestamp": Math.trunc(fields.endTime ?? fields.startTime),
    ecs: { version: "8.17.0" },
    data_stream: { type: "metrics", dataset, namespace: "default" },
    event: {
      kind: "event",
      dataset,
      ...(dictionary.metric_type === "network" ? { category: ["network"], type: ["connection"] } : {}),
      action: dictionary.metric_type === "event" ? dictionary.event_name : dictionary.operation,
      outcome: Object.hasOwn(outcomes, dictionary.status) ? outcomes[dictionary.status] : "unknown",
      start: Math.trunc(fields.startTime),
      end: fields.endTime === null ? undefined : Math.trunc(fields.endTime),
      duration: fields.endTime === null ? undefined : Math.round((fields.endTime - fields.startTime) * 1e6),
      id,
    },
    error: error === null && type === undefined ? undefined : { message: known(error), type },
    trace: trace === undefined ? undefined : { id: trace },
    span: span === undefined ? undefined : { id: span },
    labels: attributesOf(record),
    numeric_labels: numbersIn(attributesOf(record)),
    service,
    resource: { zone: "a", spare: true },
  };
  const long = (count: number): number => Math.min(count, Number.MAX_SAFE_INTEGER);
  if (dictionary.metric_type === "event") {
    const { task_id, status, retry_count, pipeline_id, process_id } = dictionary;
    return {
      ...common,
      eventmeter: { schema_version: 1, task_id, status, retry_count: long(retry_count), pipeline_id },
      process: process_id === null ? undefined : { pid: process_id },
    };
  }
  const { task_id, event_name, status, host, port, bytes_sent: sent, bytes_received: received } = dictionary;
  return {
    ...common,
    eventmeter: { schema_version: 1, task_id, event_name, status },
    source: { bytes: long(sent) },
    destination: {
      address: host === "" ? undefined : host,
      ip: isIP(host) !== 0 && !host.includes("%") ? host : undefined,
      port: known(port),
      bytes: long(received),
    },
    network: { bytes: long(sent + received) },
  };
}

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom("", "\ud800", "a\udc00b", "\0", '"\\\n\r\u2028\u2029', "ü".repeat(1_500), "__proto__", "💥"),
);
const time = fc.oneof(fc.integer({ min: 1e12, max: 4e12 }), fc.double({ min: 1e12, max: 4e12, noNaN: true }));
const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined });
const count = fc.oneof(
  fc.nat(),
  fc.constantFrom(9, 10, 999_999_999, 1e9, 1_000_000_007, 2 ** 53 - 1, 2 ** 53, 1e21, 1e300, 0.5),
);
const attributes = fc.dictionary(text, fc.oneof(text, fc.integer(), fc.double(), fc.boolean(), fc.constant(null)), {
  maxKeys: 8,
});
const common = {
  startTime: time,
  endTime: maybe(time),
  error: maybe(
    fc.oneof(
      text,
      text.map((message) => new TypeError(message)),
    ),
  ),
  errorType: maybe(text),
  recordId: maybe(text),
  traceId: maybe(text),
  spanId: maybe(text),
  attributes: maybe(attributes),
};
const event: fc.Arbitrary<EventMetrics> = fc.record({
  ...common,
  eventName: text.filter((name) => name !== ""),
  taskId: fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true })),
  status: maybe(
    fc.oneof(text, fc.constantFrom("pending", "running", "completed", "failed", "cancelled", "constructor")),
  ),
  retryCount: maybe(count),
  processId: maybe(fc.integer()),
  pipelineId: maybe(text),
});
const network: fc.Arbitrary<NetworkMetrics> = fc.record({
  ...common,
  operation: text.filter((name) => name !== ""),
  host: fc.oneof(text, fc.ipV4(), fc.ipV6(), fc.constant("fe80::1%eth0")),
  port: fc.oneof(fc.nat(65_535), fc.constant(null)),
  bytesSent: count,
  bytesReceived: count,
  taskId: maybe(text),
  eventName: maybe(text),
});

describe("any record", () => {
  property.prop([fc.oneof(event, network)])(
    "becomes two lines, of which the second holds every field by ECS",
    (record) => {
      const { document } = encoded(record, { resource });
      expect(document).toEqual(plain(ecsOf(record)));
    },
  );

  property.prop([fc.oneof(event, network)])("becomes its dictionary with @timestamp for a daily index", (record) => {
    const { document, lane } = encoded(record, { indexPrefix: "jobs", resource });
    const { attributes: _, ...dictionary } =
      record.operation === undefined ? formatMetrics(record) : formatMetrics(record);
    const expected = { ...dictionary, attributes: attributesOf(record), service, resource: { zone: "a", spare: true } };
    expect(document).toEqual(plain({ ...expected, "@timestamp": dictionary.timestamp }));
    const day = (dictionary.timestamp ?? "").slice(0, 10).replaceAll("-", ".");
    expect(lane).toBe(`jobs-${dictionary.metric_type}-${day}`);
  });

  property.prop([text])("has an id that a server takes, the same for the same recordId", (recordId) => {
    const record = { eventName: "a", taskId: 1, startTime: NOON, recordId };
    const { action } = encoded(record);
    const { _id: id } = (action as { create: { _id: string } }).create;
    expect(Buffer.byteLength(id)).toBeLessThanOrEqual(512);
    expect(id.isWellFormed()).toBe(true);
    expect(id).not.toBe("");
    expect(encoded(record).action).toEqual(action);
  });
});

describe("an id", () => {
  function idOf(recordId: string | undefined): string {
    const { action } = encoded({ eventName: "a", taskId: 1, startTime: NOON, recordId });
    const { _id: id } = (action as { create: { _id: string } }).create;
    return id;
  }

  test("is the record's own up to 512 bytes, and a digest of it beyond", () => {
    expect(idOf("order-7")).toBe("order-7");
    expect(idOf("ü".repeat(256))).toBe("ü".repeat(256));
    expect(idOf("a".repeat(512))).toBe("a".repeat(512));
    expect(idOf("a".repeat(513))).toMatch(/^sha256-[0-9a-f]{64}$/);
    expect(idOf("ü".repeat(257))).toBe("sha256-25f1653661e841987a82ed0c1f07c92fae6390714e3e6edfccea7be0cf190e8f");
  });

  test("that is no well-formed text is a digest that differs for different texts", () => {
    expect(idOf("\ud800")).not.toBe(idOf("\ud801"));
    expect(idOf("\ud800")).toMatch(/^sha256-/);
  });

  test("is the stamped one without a recordId", () => {
    expect(idOf(undefined)).toBe(ID);
    expect(idOf("")).toBe(ID);
  });
});

describe("an attribute", () => {
  test("with a NUL in its name is left out and counted, since no flattened field takes it", () => {
    const { document, repaired } = encoded({
      eventName: "a",
      taskId: 1,
      startTime: NOON,
      attributes: { "n\0l": 1, __proto__: "lost by literals", fine: 1 },
    });
    expect(document["labels"]).toEqual({ fine: 1 });
    expect(repaired).toBe(1);
  });

  test("that throws leaves nothing behind in the next document", () => {
    const encoder = new DocumentEncoder({ namespace: "default", indexPrefix: undefined, resource: undefined });
    const fields = fieldsOf({ eventName: "a", taskId: 1, startTime: NOON });
    const encode = (): string => Buffer.from(encoder.encode(fields, { id: ID }).data).toString();
    const expected = encode();
    fields.attributes = {
      first: "written before the second one throws",
      get second(): number {
        throw new Error("no");
      },
    };
    expect(encode).toThrow("no");
    fields.attributes = undefined;
    expect(encode()).toBe(expected);
    fields.attributes = {
      first: 1,
      get second(): number {
        throw new Error("no");
      },
    };
    expect(encode).toThrow("no");
    fields.attributes = { third: 3 };
    expect(JSON.parse(encode().split("\n")[1] ?? "")).toMatchObject({ numeric_labels: { third: 3 } });
  });

  test("that is a number is also a number of its own, unless its name is white space", () => {
    const given = {
      "": 0,
      " ": 1,
      "\u001c\t": 2,
      "\u00a0": 3,
      ".": 4,
      "a.b": 5.5,
      big: 1e300,
      text: "6",
      truth: true,
    };
    const { document } = encoded({ eventName: "a", taskId: 1, startTime: NOON, attributes: given });
    expect(document["labels"]).toEqual(given);
    expect(document["numeric_labels"]).toEqual({ ".": 4, "a.b": 5.5, big: 1e300 });
    const none = encoded({ eventName: "a", taskId: 1, startTime: NOON, attributes: { text: "6" } });
    expect(none.document).not.toHaveProperty("numeric_labels");
  });

  test("is absent where there is none", () => {
    expect(encoded({ eventName: "a", taskId: 1, startTime: NOON, attributes: {} }).document).not.toHaveProperty(
      "labels",
    );
  });
});

test("an attribute of the resource with a NUL in its name is left out", () => {
  const { document } = encoded(
    { eventName: "a", taskId: 1, startTime: NOON },
    { resource: { serviceName: "billing", attributes: { "n\0l": 1, zone: "a" } } },
  );
  expect(document["resource"]).toEqual({ zone: "a" });
});

test("a duration keeps fractions of a millisecond, and a stream its name whatever the day", () => {
  const { document, lane } = encoded(
    { eventName: "a", taskId: 1, startTime: NOON + 0.25, endTime: NOON + 1.75 },
    { namespace: "größe" },
  );
  expect(document["event"]).toMatchObject({ start: NOON, end: NOON + 1, duration: 1_500_000 });
  expect(document["data_stream"]).toMatchObject({ namespace: "größe" });
  expect(lane).toBe("metrics-eventmeter.event-größe");
});

test.each([
  ["success", ["completed", "success", "succeeded", "ok", "done", "COMPLETED", "Ok"]],
  ["failure", ["failed", "error", "failure", "timeout", "retrying", "ERROR"]],
  ["unknown", ["running", "pending", "cancelled", "skipped", "constructor"]],
])("the outcome is %s for the statuses %j, which stay as they are", (outcome, statuses) => {
  for (const status of statuses) {
    const { document } = encoded({ eventName: "a", taskId: 1, startTime: NOON, endTime: NOON, status });
    expect(document).toMatchObject({ event: { outcome }, eventmeter: { status } });
  }
});
