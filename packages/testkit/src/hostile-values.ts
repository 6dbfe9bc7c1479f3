// Values that no field of a record expects, and what normalisation makes of them.
/** What normalisation does with a record; `either` where it depends on which fields a publisher reads. */
export type MalformedOutcome = "dropped" | "kept" | "either";

/** A value that a field should not hold, and its description in a failure message. */
export interface HostileValue {
  readonly fault: string;
  readonly value: unknown;
}

const ODD_NAMES = [
  "le",
  "quantile",
  "__name__",
  "__proto__",
  "constructor",
  "toString",
  "\0",
  "\u0007\u001b[31m",
  "\ud800",
  "\u202eabc",
  'a"b\\c',
  "a\r\nb 1",
  "\u2028",
  "a-b",
  "a.b",
  " ",
  "😀",
];

/** Returns values of types, sizes and behaviours that no field expects. */
export function hostileValues(): readonly HostileValue[] {
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  const cyclicError = new Error("cyclic");
  cyclicError.cause = cyclicError;
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const endless: { toString: () => string } = { toString: () => String(endless) };
  const throwing = (): never => {
    throw new Error("read");
  };
  return [
    ...ODD_NAMES.map((value) => ({ fault: `the string ${JSON.stringify(value)}`, value })),
    { fault: "an empty string", value: "" },
    { fault: "100,000 characters", value: "x".repeat(100_000) },
    { fault: "10,000,000 characters", value: "x".repeat(10_000_000) },
    { fault: "null", value: null },
    { fault: "true", value: true },
    { fault: "a symbol", value: Symbol("hostile") },
    { fault: "a bigint", value: 2n ** 70n },
    { fault: "a function", value: () => "called" },
    { fault: "an array", value: ['x"} 1\nfake 2'] },
    { fault: "an object", value: { nested: { deep: 1 } } },
    { fault: "an object without prototype", value: Object.create(null) as unknown },
    { fault: "a boxed string", value: Object("boxed") as unknown },
    { fault: "a cyclic object", value: cyclic },
    { fault: "a cyclic error", value: cyclicError },
    {
      fault: "an object whose toString throws",
      value: { toString: throwing, toJSON: throwing, [Symbol.toPrimitive]: throwing },
    },
    { fault: "an object whose toString never ends", value: endless },
    {
      fault: "an error whose message throws",
      value: Object.defineProperty(new Error("x"), "message", { get: throwing }),
    },
    { fault: "an object of which no property can be read", value: new Proxy({}, { get: throwing }) },
    {
      fault: "a Proxy that throws",
      value: new Proxy({}, { get: throwing, ownKeys: throwing, getPrototypeOf: throwing }),
    },
    { fault: "a revoked Proxy", value: revoked.proxy },
    { fault: "a key named __proto__", value: JSON.parse('{"__proto__": {"polluted": true}}') as unknown },
    ...[Number.NaN, Infinity, -Infinity, -0, 0, -1, 0.5, 2 ** 53, 5e-324, 65_536, Number.MAX_VALUE].map((value) => ({
      fault: `the number ${value}`,
      value,
    })),
    ...[1_700_000_000, 1.7e15, 99_999_999_999, 4_100_000_000_001].map((value) => ({
      fault: `the time ${value}`,
      value,
    })),
    { fault: "an invalid Date", value: new Date(Number.NaN) },
    { fault: "a Date in the year 9999", value: new Date(Date.UTC(9999, 0)) },
    { fault: "a Date behind a Proxy", value: new Proxy(new Date(), {}) },
    { fault: "a time as text", value: "2026-01-01T00:00:00Z" },
  ];
}

const isMissing = (value: unknown): boolean => value === undefined || value === null;

function isUsableTime(value: unknown): boolean {
  let ms = value;
  try {
    if (typeof value !== "number") ms = Date.prototype.getTime.call(value);
  } catch {
    return false;
  }
  return (ms as number) >= 1e11 && (ms as number) <= 4.1e12;
}

/** Returns what normalisation does with a record whose `field` holds `value`. */
export function outcomeOf(kind: "event" | "network", field: string, value: unknown): MalformedOutcome {
  const dropped = (invalid: boolean): MalformedOutcome => (invalid ? "dropped" : "kept");
  if (field === "startTime") return dropped(!isUsableTime(value));
  if (field === "endTime") return dropped(!isMissing(value) && !isUsableTime(value));
  if (field === (kind === "event" ? "eventName" : "operation"))
    return dropped(typeof value !== "string" || value === "");
  if (field === "operation") return dropped(value !== undefined);
  if (field === "taskId" && kind === "event") return dropped(typeof value !== "string" && !Number.isFinite(value));
  return field === "attributes" && typeof value === "object" && value !== null ? "either" : "kept";
}
