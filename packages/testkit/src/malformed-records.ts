// Records that are wrong in every way, from a seed.
import { type HostileValue, hostileValues, type MalformedOutcome, outcomeOf } from "./hostile-values.ts";
import { createSeededRandom, type SeededRandom } from "./seeded-random.ts";

/** A record that a program should not publish, although it can. */
export interface MalformedRecord {
  /** The method that takes it. */
  readonly kind: "event" | "network";
  /** The argument, which can be anything. */
  readonly record: unknown;
  /** What is wrong with it, for a failure message. */
  readonly fault: string;
  /** Whether it must be dropped as `invalid`. */
  readonly outcome: MalformedOutcome;
}

const START = Date.UTC(2026, 0, 1);
const SHARED = [
  "startTime",
  "endTime",
  "error",
  "errorType",
  "taskId",
  "eventName",
  "operation",
  "recordId",
  "traceId",
  "spanId",
  "attributes",
];
const FIELDS = {
  event: [...SHARED, "status", "retryCount", "processId", "pipelineId"],
  network: [...SHARED, "host", "port", "bytesSent", "bytesReceived"],
} as const;
const REQUIRED = { event: ["eventName", "taskId", "startTime"], network: ["operation", "startTime"] } as const;

function wellFormed(kind: "event" | "network"): Record<string, unknown> {
  if (kind === "event") return { eventName: "job", taskId: "1", startTime: START, endTime: START + 5 };
  return {
    operation: "GET",
    host: "db",
    port: 1,
    startTime: START,
    endTime: START + 5,
    bytesSent: 1,
    bytesReceived: 1,
  };
}

/**
 * Yields records with wrong types, throwing getters, Proxies, cycles, symbols, huge strings, impossible numbers and times.
 * The same seed gives the same records.
 */
export function* malformedRecords(seed: number, count: number): Generator<MalformedRecord, void, undefined> {
  const random = createSeededRandom(seed);
  const values = hostileValues();
  for (let made = 0; made < count; made += 1) {
    const kind = random.pick(["event", "network"] as const);
    const choice = random.integer(10);
    if (choice === 0) yield noRecord(kind, random, values);
    else if (choice === 1) yield missing(kind, random);
    else if (choice === 2) yield unreadable(kind, random);
    else if (choice === 3) yield hostileAttributes(kind, random, values);
    else yield hostileField(kind, random, values);
  }
}

function hostileField(
  kind: "event" | "network",
  random: SeededRandom,
  values: readonly HostileValue[],
): MalformedRecord {
  const field = random.pick(FIELDS[kind]);
  const { fault, value } = random.pick(values);
  const record = { ...wellFormed(kind), [field]: value };
  return { kind, record, fault: `${field}: ${fault}`, outcome: outcomeOf(kind, field, value) };
}

function hostileAttributes(
  kind: "event" | "network",
  random: SeededRandom,
  values: readonly HostileValue[],
): MalformedRecord {
  const attributes: Record<string, unknown> = {};
  const count = random.integer(80);
  for (let at = 0; at < count; at += 1) attributes[`attribute${at}`] = random.pick(values).value;
  Object.defineProperty(attributes, "__proto__", { value: "own", enumerable: true });
  return { kind, record: { ...wellFormed(kind), attributes }, fault: "attributes of every kind", outcome: "either" };
}

function missing(kind: "event" | "network", random: SeededRandom): MalformedRecord {
  const field = random.pick(REQUIRED[kind]);
  return { kind, record: { ...wellFormed(kind), [field]: undefined }, fault: `${field}: missing`, outcome: "dropped" };
}

function unreadable(kind: "event" | "network", random: SeededRandom): MalformedRecord {
  const field = random.pick(FIELDS[kind]);
  const record = Object.defineProperty(wellFormed(kind), field, {
    enumerable: true,
    get() {
      throw new Error("read");
    },
  });
  const required = (REQUIRED[kind] as readonly string[]).includes(field);
  return { kind, record, fault: `${field}: a getter that throws`, outcome: required ? "dropped" : "either" };
}

function noRecord(kind: "event" | "network", random: SeededRandom, values: readonly HostileValue[]): MalformedRecord {
  const other = { fault: "a record of the other kind", value: wellFormed(kind === "event" ? "network" : "event") };
  // A program that spreads a long string gets millions of keys, which would take minutes here.
  const short = values.filter(({ value }) => typeof value !== "string" || value.length < 1_000);
  const { fault, value } = random.pick([...short, other, { fault: "undefined", value: undefined }]);
  return { kind, record: value, fault: `the record: ${fault}`, outcome: "dropped" };
}
