import { setImmediate } from "node:timers/promises";
import {
  type CommonOptions,
  createPublisher,
  filtered,
  mapped,
  type MetricsPublisher,
  noopPublisher,
  type PublisherDefinition,
  type WrapperOptions,
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
const wrapped = (
  wrap: (inner: MetricsPublisher, options: WrapperOptions) => MetricsPublisher,
): Pick<ConformanceOptions, "create" | "stalled" | "failing"> => {
  const around =
    (create: (options: CommonOptions) => MetricsPublisher) =>
    (options: CommonOptions): MetricsPublisher => {
      const { onError, clock } = options;
      return wrap(create(options), { onError, clock });
    };
  const create = around(make({ event: ignore, network: ignore }));
  return { create, stalled: around(troubled.stalled), failing: around(troubled.failing) };
};

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
  filtered: wrapped((inner, options) => filtered(inner, () => true, options)),
  mapped: {
    ...wrapped((inner, options) => mapped(inner, { event: (record) => ({ ...record, error: null }) }, options)),
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
