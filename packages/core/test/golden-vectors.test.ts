import { isDeepStrictEqual } from "node:util";
import { formatMetrics } from "../src/index.ts";
import { createEventFields, createNetworkFields, readAttributes, readEvent, readNetwork } from "../src/publisher.ts";
import { decodeVector, formatVectors, normaliseVectors } from "../../testkit/src/golden-vectors.ts";
import { describe, expect, test } from "vitest";

interface Normalised {
  readonly valid: boolean;
  readonly problem: string;
  readonly repaired: number;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly attributes: Readonly<Record<string, unknown>>;
}

function normalise(kind: "event" | "network", record: object): Normalised {
  const fields = kind === "event" ? createEventFields() : createNetworkFields();
  const entries: [string, unknown][] = [];
  let valid =
    fields.operation === undefined ? readEvent(record as never, fields) : readNetwork(record as never, fields);
  try {
    if (valid) readAttributes(fields, (name, value) => entries.push([name, value]));
  } catch {
    valid = false;
  }
  const { problem, repaired } = fields;
  return { valid, problem, repaired, fields: { ...fields }, attributes: Object.fromEntries(entries) };
}

describe("normalise", () => {
  test.each(normaliseVectors)("$kind: $name", ({ kind, record, expect: expected }) => {
    const { valid, problem, repaired, fields, attributes } = normalise(kind, decodeVector(record));
    expect(valid).toBe(expected.valid);
    if (!expected.valid) return expect(problem).toContain(expected.says ?? "");
    for (const [name, value] of Object.entries(decodeVector(expected.fields)))
      expect(fields[name], name).toStrictEqual(value);
    if (expected.attributes !== undefined)
      expect(isDeepStrictEqual(attributes, decodeVector(expected.attributes))).toBe(true);
    expect(repaired).toBe(expected.repaired);
  });
});

describe("formatMetrics", () => {
  test.each(formatVectors)("$kind: $name", ({ record, expect: expected }) => {
    const dictionary = formatMetrics(decodeVector(record) as never);
    expect(dictionary).toStrictEqual(decodeVector(expected));
    expect(JSON.parse(JSON.stringify(dictionary))).toStrictEqual(decodeVector(expected));
  });
});
