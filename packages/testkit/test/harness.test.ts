// The harness of a conformance case: what it waits for, and what it leaves.
import { AssertionError } from "node:assert/strict";
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { type CommonOptions, createPublisher, type MetricsPublisher } from "@eventmeter/core";
import { type ConformanceCase, conformanceCases, type CreatePublisher } from "@eventmeter/testkit";
import { describe, expect, test } from "vitest";

const nothing = (): void => {};
const good = (options: CommonOptions): MetricsPublisher =>
  createPublisher({ name: "example", event: nothing, network: nothing }, options);

function caseNamed(name: string, create: CreatePublisher): ConformanceCase {
  const found = conformanceCases({ create }).find((one) => one.name.endsWith(name));
  if (found === undefined) throw new Error(`there is no case "${name}"`);
  return found;
}

test("closes every publisher of a case, also of one that fails", async () => {
  const publishers: MetricsPublisher[] = [];
  const noted = (publisher: MetricsPublisher): MetricsPublisher => {
    publishers.push(publisher);
    return publisher;
  };
  await caseNamed("two of them share nothing", (options) => noted(good(options))).run();
  const deaf = (options: CommonOptions): MetricsPublisher => noted(createPublisher({ name: "deaf" }, options));
  await expect(caseNamed("finished records are delivered", deaf).run()).rejects.toThrow("of 10 finished records");
  expect(publishers.map((publisher) => publisher.health().state)).toEqual(["closed", "closed", "closed"]);
});

test("leaves no listener on the process, also after a case that fails", async () => {
  const counts = (): number[] =>
    ["unhandledRejection", "warning", "uncaughtException"].map((name) => process.listenerCount(name));
  const before = counts();
  for (const { run } of conformanceCases({ create: good })) await run();
  const broken = conformanceCases({ create: () => Promise.reject(new Error("broken")) });
  for (const { run } of broken) await expect(run()).rejects.toThrow(AssertionError);
  expect(counts()).toEqual(before);
});

describe("waits for a publisher", () => {
  const slow = (delay: () => Promise<unknown>, options: CommonOptions): MetricsPublisher =>
    createPublisher({ name: "slow", event: delay, network: delay }, options);

  test.each<[string, CreatePublisher]>([
    ["real time", (options) => slow(() => wait(1_500), { ...options, clock: undefined })],
    [
      "the clock that it was given",
      (options) => slow(() => new Promise<void>((resolve) => options.clock?.setTimeout(resolve, 4_000)), options),
    ],
  ])("that works by %s", async (_what, create) => {
    const begun = performance.now();
    await caseNamed("finished records are delivered", create).run();
    expect(performance.now() - begun).toBeLessThan(3_500);
  });
});
