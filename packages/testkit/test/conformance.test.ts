import { setImmediate } from "node:timers/promises";
import {
  type CommonOptions,
  createPublisher,
  filtered,
  mapped,
  type MetricsPublisher,
  noopPublisher,
  type PublisherDefinition,
} from "@eventmeter/core";
import { conformanceCases, type ConformanceOptions, RecordingPublisher } from "@eventmeter/testkit";
import { describe, expect, test } from "vitest";

type Variant = Omit<PublisherDefinition, "name">;

const make =
  (definition: Variant) =>
  (options: CommonOptions): MetricsPublisher =>
    createPublisher({ name: "example", ...definition }, options);

const refuse = (): never => {
  throw new Error("refused");
};
const ignore = (): void => {};
const never = (): Promise<void> => new Promise(() => {});
const troubled = { stalled: make({ event: never, network: never }), failing: make({ event: refuse, network: refuse }) };
const around = (
  wrap: (inner: MetricsPublisher) => MetricsPublisher,
): Pick<ConformanceOptions, "create" | "stalled" | "failing"> => ({
  create: (options) => wrap(make({ event: ignore, network: ignore })(options)),
  stalled: (options) => wrap(troubled.stalled(options)),
  failing: (options) => wrap(troubled.failing(options)),
});

const SUBJECTS: Readonly<Record<string, ConformanceOptions>> = {
  "a synchronous createPublisher": { create: make({ event: ignore, network: ignore }), ...troubled },
  "an asynchronous createPublisher": {
    create: make({ event: () => setImmediate(), network: () => setImmediate() }),
    failing: make({ event: async () => refuse(), network: async () => refuse() }),
  },
  "a createPublisher that starts": {
    create: make({
      event: ignore,
      network: ignore,
      start: () => setImmediate(),
      check: () => ({ ok: true, code: "ok", message: "reachable" }),
    }),
    stalled: make({ event: ignore, network: ignore, start: never }),
    failing: make({ event: ignore, network: ignore, start: refuse }),
  },
  "a createPublisher of events alone": { create: make({ event: ignore }) },
  filtered: around((inner) => filtered(inner, () => true)),
  mapped: {
    ...around((inner) => mapped(inner, { event: (record) => ({ ...record, error: null }) })),
    format: "mapped",
  },
  noopPublisher: { create: noopPublisher },
  RecordingPublisher: { create: (options) => new RecordingPublisher(options) },
};

describe.each(Object.entries(SUBJECTS))("%s", (_name, options) => {
  for (const { name, run } of conformanceCases(options)) test(name, run);
});

test("has a case for each of the thirteen rules with create alone", () => {
  const names = conformanceCases({ create: noopPublisher }).map(({ name }) => name);
  const rules = new Set(names.map((name) => Number(/^rule (\d+): /.exec(name)?.[1])));
  expect([...rules].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 13 }, (_, index) => index + 1));
  expect(new Set(names).size).toBe(names.length);
});
