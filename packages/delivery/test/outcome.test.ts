import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { type Outcome, readOutcome, type RecordOutcome } from "../src/push/outcome.ts";
import { settlementOf } from "../src/push/settlement.ts";

const anything = fc.anything({ withNullPrototype: true, withSparseArray: true, withBoxedValues: true });
const record: fc.Arbitrary<RecordOutcome> = fc.oneof(
  fc.constant("delivered" as const),
  fc.constant("retry" as const),
  fc.record({ rejected: fc.string() }),
);
const sparse = (length: number): unknown[] => Array(length);

property.prop([anything, fc.integer({ min: 1, max: 10 })])(
  "what is no outcome is a retry of everything",
  (given, count) => {
    const known = typeof given === "object" && given !== null && "kind" in given;
    fc.pre(!known);
    expect(settlementOf(readOutcome(given, count), count)).toMatchObject({ resend: "all", delivered: 0, dropped: [] });
  },
);

property.prop([anything, fc.integer({ min: 1, max: 10 })])(
  "partial outcomes with anything else inside are a retry",
  (records, count) => {
    const outcome = readOutcome({ kind: "partial", records }, count);
    const readable =
      Array.isArray(records) &&
      records.length === count &&
      Array.from(records as unknown[]).every(
        (one) =>
          one === "delivered" ||
          one === "retry" ||
          typeof (one as { rejected?: unknown } | null)?.rejected === "string",
      );
    expect(outcome.kind).toBe(readable ? "partial" : "retry");
  },
);

test.each([
  ["holes", sparse(3)],
  ["a hole at the end", Object.assign(sparse(3), { 0: "delivered", 1: "delivered" })],
  ["too few", ["delivered", "delivered"]],
  ["too many", ["delivered", "delivered", "delivered", "delivered"]],
  ["no array", { length: 3, 0: "delivered", 1: "delivered", 2: "delivered" }],
  ["another word", ["delivered", "delivered", "Delivered"]],
  ["a reason that is no text", ["delivered", "delivered", { rejected: 5 }]],
])("records with %s are never a success", (_, records) => {
  expect(readOutcome({ kind: "partial", records }, 3).kind).toBe("retry");
});

test("of a partial outcome the reason is that of what is sent again", () => {
  const given = { kind: "partial", records: ["delivered", "retry"], reason: "no room for one" };
  expect(settlementOf(readOutcome(given, 2), 2)).toMatchObject({ resend: [1], reason: "no room for one" });
  expect(settlementOf(readOutcome({ ...given, reason: 5 }, 2), 2).reason).toBe("the backend did not take all of them");
});

test("what waits alone leaves the backend open, even if nothing was taken", () => {
  const given = { kind: "partial", records: ["retry", "retry"], alone: true };
  expect(settlementOf(readOutcome(given, 2), 2)).toMatchObject({ resend: "all", backOff: "batch" });
  expect(settlementOf(readOutcome({ ...given, alone: "yes" }, 2), 2).backOff).toBe("backend");
});

test("records that change while they are looked at are read once", () => {
  let reads = 0;
  const rejected = {
    get rejected() {
      reads += 1;
      return reads === 1 ? "bad" : 5;
    },
  };
  const outcome = readOutcome({ kind: "partial", records: ["delivered", rejected] }, 2);
  expect(settlementOf(outcome, 2).dropped).toEqual([{ position: 1, countedAs: "rejected", reason: "bad" }]);
  expect(reads).toBe(1);
});

property.prop([fc.array(record, { minLength: 1, maxLength: 30 })])(
  "the verdict on a partial outcome has each record exactly once",
  (records) => {
    const settlement = settlementOf({ kind: "partial", records }, records.length);
    const again =
      settlement.resend === "all" ? records.map((_, index) => index) : (settlement.resend as readonly number[]);
    expect(again.length + settlement.dropped.length + settlement.delivered).toBe(records.length);
    for (const index of again) expect(records[index]).toBe("retry");
    for (const { position, reason } of settlement.dropped) expect(records[position]).toEqual({ rejected: reason });
    expect(settlement.delivered).toBe(records.filter((one) => one === "delivered").length);
  },
);

const NOTHING = { delivered: 0, dropped: [], tooLarge: false };
test.each<[string, Outcome, number, object]>([
  ["delivered settles all", { kind: "delivered" }, 3, { delivered: 3, resend: [], backOff: "none" }],
  ["retry keeps all", { kind: "retry" }, 3, { ...NOTHING, resend: "all", backOff: "backend", retryAfterMs: 0 }],
  [
    "retry at once keeps all, and waits for nothing",
    { kind: "retry", atOnce: true, retryAfterMs: 5, reason: "the host is down" },
    3,
    { ...NOTHING, resend: "all", backOff: "other-way", retryAfterMs: 0, reason: "the host is down" },
  ],
  ["retry waits as long as asked", { kind: "retry", retryAfterMs: 5 }, 3, { resend: "all", retryAfterMs: 5 }],
  [
    "retry waits 10 minutes at most",
    { kind: "retry", retryAfterMs: 1e10 },
    3,
    { resend: "all", retryAfterMs: 600_000 },
  ],
  ["a wait that is no number is none", { kind: "retry", retryAfterMs: Number.NaN }, 3, { retryAfterMs: 0 }],
  [
    "hold keeps all and stops the lane",
    { kind: "hold", reason: "key" },
    3,
    { ...NOTHING, resend: "all", backOff: "none", hold: "key" },
  ],
  ["rejected gives all up", { kind: "rejected", reason: "no" }, 2, { delivered: 0, resend: [], backOff: "none" }],
  [
    "too large halves at once and is remembered",
    { kind: "split", because: "too-large" },
    2,
    { ...NOTHING, resend: "halves", backOff: "none", tooLarge: true },
  ],
  [
    "a rejected batch halves at once",
    { kind: "split", because: "rejected" },
    2,
    { ...NOTHING, resend: "halves", backOff: "none" },
  ],
  [
    "a busy one halves and waits",
    { kind: "split", because: "busy" },
    2,
    { ...NOTHING, resend: "halves", backOff: "backend" },
  ],
  [
    "a single one is too large",
    { kind: "split", because: "too-large" },
    1,
    {
      resend: [],
      dropped: [{ position: 0, countedAs: "too-large", reason: "a single record was too-large" }],
      tooLarge: false,
    },
  ],
  [
    "a single one is rejected",
    { kind: "split", because: "rejected", reason: "map" },
    1,
    { resend: [], dropped: [{ position: 0, countedAs: "rejected", reason: "map" }] },
  ],
  [
    "a single busy one is tried again",
    { kind: "split", because: "busy" },
    1,
    { ...NOTHING, resend: "all", backOff: "backend" },
  ],
  [
    "what is left waits alone",
    { kind: "partial", records: ["delivered", "retry"] },
    2,
    { delivered: 1, resend: [1], backOff: "batch" },
  ],
  [
    "a partial wait is the backend's",
    { kind: "partial", records: ["delivered", "retry"], retryAfterMs: 9 },
    2,
    { resend: [1], backOff: "backend", retryAfterMs: 9 },
  ],
  [
    "a partial hold stops the lane alone",
    { kind: "partial", records: ["delivered", "retry"], hold: "closed" },
    2,
    { resend: [1], backOff: "none", hold: "closed" },
  ],
])("%s", (_, outcome, count, expected) => {
  expect(settlementOf(outcome, count)).toMatchObject(expected);
});
