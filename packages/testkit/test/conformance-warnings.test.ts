// What the conformance suite does with process warnings: those that its cases cause are kept from the test runner.
import process from "node:process";
import { type CommonOptions, createPublisher, filtered, type MetricsPublisher } from "@eventmeter/core";
import { type ConformanceCase, conformanceCases, type CreatePublisher } from "@eventmeter/testkit";
import { afterEach, describe, expect, test } from "vitest";
import { takeWarnings } from "../../../test/warnings.ts";

const nothing = (): void => {};
const good = (options: CommonOptions): MetricsPublisher =>
  createPublisher({ name: "example", event: nothing, network: nothing }, options);

const WARNING_CASES = [
  "rule 3: errors are values: survives an onError that throws, rejects or publishes",
  "rule 3: errors are values: warns where there is no onError, not once for each record",
];

function caseNamed(name: string, create: CreatePublisher): ConformanceCase {
  const found = conformanceCases({ create }).find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no case "${name}"`);
  return found;
}

const listeners = process.rawListeners("warning");
afterEach(() => expect(process.rawListeners("warning")).toEqual(listeners));

describe.each(WARNING_CASES)("%s", (name) => {
  test("shows no warning of the publisher to anyone else", async () => {
    await caseNamed(name, good).run();
    expect(await takeWarnings()).toEqual([]);
  });

  test("shows no warning of a publisher inside, under another name", async () => {
    const wrapper = (options: CommonOptions): MetricsPublisher =>
      filtered(good(options), () => true, { name: "outer", clock: options.clock, onError: options.onError });
    await caseNamed(name, wrapper).run();
    expect(await takeWarnings()).toEqual([]);
  });

  test("shows no warning of a publisher that is not built on core", async () => {
    const create = (options: CommonOptions): MetricsPublisher => {
      const inner = good({ ...options, onError: options.onError ?? nothing });
      let isFirst = true;
      return {
        ...inner,
        publishEventMetrics(record) {
          inner.publishEventMetrics(record);
          if (isFirst) process.emitWarning("example: a record was dropped");
          isFirst = false;
        },
      };
    };
    await caseNamed(name, create).run();
    expect(await takeWarnings()).toEqual([]);
  });

  test("passes on a warning of anything else", async () => {
    const create = (options: CommonOptions): MetricsPublisher => {
      const inner = good(options);
      return {
        ...inner,
        flush(wait) {
          process.emitWarning("this is old", "DeprecationWarning", "OLD");
          return inner.flush(wait);
        },
      };
    };
    await caseNamed(name, create).run();
    const warnings = await takeWarnings();
    expect(warnings.length).toBeGreaterThan(0);
    for (const warning of warnings) expect(warning).toMatchObject({ name: "DeprecationWarning", code: "OLD" });
  });

  test("gives warnings back to the other listeners, also when it fails", async () => {
    const broken = (options: CommonOptions): MetricsPublisher => ({
      ...good(options),
      flush: () => Promise.reject(new Error("broken")),
    });
    await expect(caseNamed(name, broken).run()).rejects.toThrow(/broken|reached the caller/);
    expect(await takeWarnings()).toEqual([]);
    process.emitWarning("example: after the case");
    expect(await takeWarnings()).toMatchObject([{ message: "example: after the case" }]);
  });
});

test("a listener for one warning still hears one after the case", async () => {
  const heard: string[] = [];
  process.once("warning", ({ message }) => void heard.push(message));
  await caseNamed(WARNING_CASES[1] ?? "", good).run();
  expect(heard).toEqual([]);
  for (const message of ["first", "second"]) process.emitWarning(message);
  await takeWarnings();
  expect(heard).toEqual(["first"]);
});

test("no other case takes warnings: one that nothing causes stays visible", async () => {
  const create = (options: CommonOptions): MetricsPublisher => {
    const inner = good(options);
    return {
      ...inner,
      flush(wait) {
        process.emitWarning("example: flushed");
        return inner.flush(wait);
      },
    };
  };
  const quiet: string[] = [];
  for (const { name, run } of conformanceCases({ create })) {
    await run().catch(() => undefined);
    if ((await takeWarnings()).length === 0) quiet.push(name);
  }
  // Those that never flush, and those that expect warnings.
  expect(quiet.filter((name) => WARNING_CASES.includes(name))).toEqual(WARNING_CASES);
  expect(quiet.length).toBeLessThan(16);
});
