// Prints the result of a test run as one line, from the JSON report of vitest: summarise-tests.ts REPORT [--live]
import { existsSync } from "node:fs";
import { readJson } from "./findings.ts";

/** The part of the JSON report that this script reads. */
export interface TestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/**
 * Returns the number of tests by result, as one line, and the findings. A file that failed as a whole counts as one more
 * failed test. A run without a passed test is a finding. With `live`, so is a run without live tests and a skipped live test.
 */
export function summarise(
  run: TestReport | undefined,
  options: { readonly live: boolean },
): { readonly line: string; readonly findings: readonly string[] } {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const findings: string[] = [];
  let liveTests = 0;
  for (const file of run?.testResults ?? []) {
    const isLive = file.name.endsWith(".live.test.ts");
    for (const test of file.assertionResults) {
      const outcome = test.status === "passed" || test.status === "failed" ? test.status : "skipped";
      counts[outcome] += 1;
      if (isLive) liveTests += 1;
      if (isLive && options.live && outcome === "skipped") findings.push(`live test skipped: ${test.fullName}`);
    }
    if (file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed")) {
      counts.failed += 1;
      findings.push(`could not be run: ${file.name}`);
    }
  }
  if (run === undefined) findings.push("there is no test report");
  else if (counts.passed === 0) findings.push("no test passed");
  else if (options.live && liveTests === 0) findings.push("no live test ran, although the backends are up");
  if (counts.failed > 0) findings.push(`${counts.failed} failed`);
  return { line: `tests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`, findings };
}

if (import.meta.main) {
  const [path = ""] = process.argv.slice(2);
  const run = existsSync(path) ? (readJson(path) as TestReport) : undefined;
  const { line, findings } = summarise(run, { live: process.argv.includes("--live") });
  for (const finding of findings) console.error(finding);
  console.log(line);
  if (findings.length > 0) process.exitCode = 1;
}
