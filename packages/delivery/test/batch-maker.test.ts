import { fc, test as property } from "@fast-check/vitest";
import { expect } from "vitest";
import type { Batch, BatchWrap } from "../src/index.ts";
import { BatchMaker } from "../src/queue/batch-maker.ts";

const records = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 40 });
const part = fc.option(fc.string({ unit: "binary", maxLength: 4 }), { nil: undefined });
const wraps: fc.Arbitrary<BatchWrap> = fc.record({ prefix: part, separator: part, suffix: part });

function batchOf(all: readonly Uint8Array[], wrap: BatchWrap): Batch {
  const offsets = new Uint32Array(all.length + 1);
  all.forEach((one, index) => (offsets[index + 1] = (offsets[index] ?? 0) + one.length));
  return new BatchMaker(wrap).create("lane", new Uint8Array(Buffer.concat(all)), offsets, 0);
}

const contentOf = (batch: Batch): string[] =>
  Array.from({ length: batch.count }, (_, index) =>
    Buffer.from(batch.records.subarray(batch.offsets[index], batch.offsets[index + 1])).toString("hex"),
  );
const hexOf = (all: readonly Uint8Array[]): string[] => all.map((one) => Buffer.from(one).toString("hex"));

property.prop([records, wraps])("a body is the records between prefix, separators and suffix", (all, wrap) => {
  const batch = batchOf(all, wrap);
  const between = all.flatMap((one, index) => (index === 0 ? [one] : [Buffer.from(wrap.separator ?? ""), one]));
  const body = Buffer.concat([Buffer.from(wrap.prefix ?? ""), ...between, Buffer.from(wrap.suffix ?? "")]);
  expect(Buffer.from(batch.body()).equals(body)).toBe(true);
  expect(batch.bytes).toBe(body.length);
  expect(batch.bytes).toBe(batch.records.length + new BatchMaker(wrap).overhead(batch.count));
  expect(contentOf(batch)).toEqual(hexOf(all));
});

property.prop([records, wraps, fc.nat(), fc.nat()])(
  "a slice holds what stands between its ends",
  (all, wrap, one, other) => {
    const [from = 0, to = 0] = [one % all.length, (other % all.length) + 1].toSorted((a, b) => a - b);
    fc.pre(from < to);
    const slice = new BatchMaker(wrap).slice(batchOf(all, wrap), from, to, 0);
    expect(contentOf(slice)).toEqual(hexOf(all.slice(from, to)));
    expect(slice.records.buffer.byteLength).toBe(slice.records.length);
    expect(slice.bytes).toBe(slice.body().length);
  },
);

property.prop([records, wraps, fc.array(fc.nat())])(
  "a pick holds the records at its positions",
  (all, wrap, picked) => {
    const positions = [...new Set(picked.map((position) => position % all.length))].toSorted((a, b) => a - b);
    const rest = new BatchMaker(wrap).pick(batchOf(all, wrap), positions, 0);
    expect(contentOf(rest)).toEqual(hexOf(positions.map((position) => all[position] ?? new Uint8Array())));
    expect(rest.records.buffer.byteLength).toBe(rest.records.length);
  },
);

property.prop([records, wraps, fc.integer({ min: 1, max: 200 })])(
  "parts that fit hold everything in order, are small enough or single, and are as few as possible",
  (all, wrap, limit) => {
    const maker = new BatchMaker(wrap);
    const parts = maker.fit(batchOf(all, wrap), limit, 0);
    expect(parts.flatMap(contentOf)).toEqual(hexOf(all));
    parts.forEach((one, index) => {
      expect(one.count === 1 || one.bytes <= limit).toBe(true);
      const next = parts[index + 1];
      if (next === undefined) return;
      const first = (next.offsets[1] ?? 0) - (next.offsets[0] ?? 0);
      expect(one.records.length + first + maker.overhead(one.count + 1)).toBeGreaterThan(limit);
    });
  },
);
