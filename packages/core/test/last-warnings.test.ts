// Process warnings at the end of a program: the last numbers are written before it ends.
import { expect, test } from "vitest";
import { programRunner } from "./exit-harness.ts";

const run = programRunner("last-warnings");

/** Adds up the records that the warnings of a code are about. */
function lostBy(errors: string, code: string): number {
  const warnings = errors.split("\n").filter((line) => line.includes(`[${code}] EventmeterWarning`));
  const counts = warnings.map((line) => Number(/\((\d+) since the last report\)/.exec(line)?.[1] ?? 1));
  return counts.reduce((sum, count) => sum + count, 0);
}

test.concurrent.each([
  ["a signal", "signal", { by: "SIGTERM" }],
  ["process.exit() right after close()", "exit", { code: 3 }],
])("warnings before the end by %s add up to all records that were lost", async (_, scenario, ended) => {
  const { errors, ...how } = await run(scenario, { signals: scenario === "signal" ? ["SIGTERM"] : [] });
  expect(how).toMatchObject(ended);
  expect(lostBy(errors, "record-dropped")).toBe(300);
  expect(lostBy(errors, "invalid-record")).toBe(301);
});
