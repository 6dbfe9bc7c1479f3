import { expect, test } from "vitest";
import { summarise, type TestReport } from "./summarise-tests.ts";

type Outcome = "passed" | "failed" | "skipped" | "todo";

function file(name: string, ...outcomes: readonly Outcome[]): TestReport["testResults"][number] {
  const assertionResults = outcomes.map((status, index) => ({ fullName: `${name} ${index}`, status }));
  return { name, status: outcomes.includes("failed") ? "failed" : "passed", assertionResults };
}

test("every test of every file is counted once", () => {
  const run = {
    testResults: [file("a.test.ts", "passed", "passed", "skipped"), file("b.live.test.ts", "passed", "todo")],
  };
  expect(summarise(run, { live: false })).toEqual({ line: "tests: 3 passed, 0 failed, 2 skipped", findings: [] });
});

test("a failed test fails the run", () => {
  const run = { testResults: [file("a.test.ts", "passed", "failed")] };
  expect(summarise(run, { live: false })).toEqual({
    line: "tests: 1 passed, 1 failed, 0 skipped",
    findings: ["1 failed"],
  });
});

test("a file that could not be loaded counts as a failed test", () => {
  const run = { testResults: [file("a.test.ts", "passed"), { ...file("b.test.ts"), status: "failed" }] };
  const { line, findings } = summarise(run, { live: false });
  expect(line).toBe("tests: 1 passed, 1 failed, 0 skipped");
  expect(findings).toEqual(["could not be run: b.test.ts", "1 failed"]);
});

test.each([
  ["without a report", undefined, "there is no test report"],
  ["without tests", { testResults: [] }, "no test passed"],
  ["of skipped tests only", { testResults: [file("a.test.ts", "skipped")] }, "no test passed"],
])("a run %s fails", (_, run, finding) => {
  expect(summarise(run, { live: false }).findings).toEqual([finding]);
});

test("with backends up, a skipped live test fails the run", () => {
  const run = { testResults: [file("a.test.ts", "passed", "skipped"), file("b.live.test.ts", "passed", "skipped")] };
  expect(summarise(run, { live: true }).findings).toEqual(["live test skipped: b.live.test.ts 1"]);
});

test("with backends up, a run without live tests fails", () => {
  const run = { testResults: [file("a.test.ts", "passed")] };
  expect(summarise(run, { live: true }).findings).toEqual(["no live test ran, although the backends are up"]);
});
