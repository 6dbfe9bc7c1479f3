import { expect, test } from "vitest";
import type { Batch } from "../src/index.ts";
import { BatchMaker } from "../src/queue/batch-maker.ts";
import { openHarness } from "./push-harness.ts";

const NOW = Date.UTC(2026, 0, 1);

function batchOf(records: readonly string[], wrap = {}): Batch {
  const offsets = new Uint32Array(records.length + 1);
  records.forEach((record, index) => (offsets[index + 1] = (offsets[index] ?? 0) + Buffer.byteLength(record)));
  return new BatchMaker(wrap).create("lane", new Uint8Array(Buffer.from(records.join(""))), offsets, NOW);
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const recordsOf = (batch: Batch): string[] =>
  Array.from({ length: batch.count }, (_, index) =>
    textOf(batch.records.subarray(batch.offsets[index], batch.offsets[index + 1])),
  );

test("keeps records back to back between count + 1 offsets", async () => {
  const { publisher, fill, sent } = openHarness();
  fill(200, { size: 30 });
  await publisher.flush();
  const [{ batch }] = sent as [(typeof sent)[0]];
  expect(batch.count).toBe(200);
  expect(batch.offsets).toHaveLength(201);
  expect(Array.from(batch.offsets)).toEqual(Array.from({ length: 201 }, (_, index) => index * 30));
  expect(batch.records).toHaveLength(6_000);
});

test("sends the memory of the records as it is where nothing surrounds them", () => {
  const batch = batchOf(["a", "bc"]);
  expect(batch.body()).toBe(batch.records);
  expect(batch.bytes).toBe(3);
});

test.each([
  [{ prefix: "[", separator: ",", suffix: "]" }, ["1", "22", "333"], "[1,22,333]"],
  [{ prefix: "[", separator: ",", suffix: "]" }, ["1"], "[1]"],
  [{ suffix: "\n", separator: "\n" }, ["a", "b"], "a\nb\n"],
  [{ separator: "…" }, ["é", "𝄞", ""], "é…𝄞…"],
])("surrounds records by %j, and bytes is the length of the body", (wrap, records, expected) => {
  const batch = batchOf(records, wrap);
  expect(textOf(batch.body())).toBe(expected);
  expect(batch.bytes).toBe(batch.body().length);
  expect(textOf(batch.records)).toBe(records.join(""));
});

test("parts are batches of their own: new ids, the same lane, only their own memory", () => {
  const maker = new BatchMaker({ separator: "," });
  const whole = batchOf(["aa", "b", "", "dddd", "e"]);
  const half = maker.slice(whole, 1, 4, NOW);
  const rest = maker.pick(whole, [0, 3, 4], NOW);
  expect(recordsOf(half)).toEqual(["b", "", "dddd"]);
  expect(recordsOf(rest)).toEqual(["aa", "dddd", "e"]);
  for (const part of [half, rest]) {
    expect(part.lane).toBe("lane");
    expect(part.id).not.toBe(whole.id);
    expect(part.records.buffer.byteLength).toBe(part.records.length);
    expect(part.bytes).toBe(part.body().length);
    part.records.fill(0);
  }
  expect(recordsOf(whole)).toEqual(["aa", "b", "", "dddd", "e"]);
});

test("cuts a batch into as few parts as fit a limit; a record that is larger stands alone", () => {
  const maker = new BatchMaker({ prefix: "[", separator: ",", suffix: "]" });
  const records = ["aa", "bb", "cc", "0123456789", "d", "e"];
  const parts = maker.fit(batchOf(records), 7, NOW);
  expect(parts.map(recordsOf)).toEqual([["aa", "bb"], ["cc"], ["0123456789"], ["d", "e"]]);
  expect(parts.every((part) => part.bytes <= 7 || part.count === 1)).toBe(true);
  expect(maker.fit(batchOf(["a"]), 1, NOW).map(recordsOf)).toEqual([["a"]]);
});

test("takes strings as UTF-8 and bytes as they are", async () => {
  const data = ["ä€𝄞", new Uint8Array([0, 255, 10]), "\ud800", Buffer.from("buffer"), ""];
  let at = 0;
  const seen: Batch[] = [];
  const { publisher, fill } = openHarness(
    () => undefined,
    {},
    {
      encode: () => ({ data: data[at++] ?? "" }),
      send: (batch) => {
        seen.push(batch);
        return { kind: "delivered" };
      },
    },
  );
  fill(data.length);
  await publisher.flush();
  const expected = data.map((one) => (typeof one === "string" ? Buffer.from(one) : Buffer.from(one)).toString("hex"));
  const [batch] = seen as [Batch];
  expect(
    Array.from({ length: batch.count }, (_, index) =>
      Buffer.from(batch.records.subarray(batch.offsets[index], batch.offsets[index + 1])).toString("hex"),
    ),
  ).toEqual(expected);
  expect(Object.getPrototypeOf(batch.records)).toBe(Uint8Array.prototype);
});

test("keeps id and content of a batch through every attempt", async () => {
  const outcomes = [{ kind: "retry" }, { kind: "hold", reason: "key" }, { kind: "delivered" }];
  const { clock, publisher, fill, sent } = openHarness(({ attempt }) => outcomes[attempt - 1]);
  fill(3);
  void publisher.flush();
  await clock.advance(120_000);
  expect(sent.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  expect(new Set(sent.map(({ batch }) => batch.id)).size).toBe(1);
  expect(new Set(sent.map(({ batch }) => textOf(batch.body()))).size).toBe(1);
});
