// Prints what a test run came to as one line, from the JSON report of vitest: summarise-tests.ts REPORT [--live]
import { existsSync } from "node:fs";
import { readJson } from "./findings.ts";

/** The part of the JSON report that is read. */
export interface TestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/**
 * Counts the tests of a run; a file that failed as a whole is one failed test more.
 * A run without a passed test is a failure, and so, with `live`, is one without live tests or with a skipped one.
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
      findings.push(`did not run to its end: ${file.name}`);
    }
  }
  if (run === undefined) findings.push("the run left no report");
  else if (counts.passed === 0) findings.push("no test passed");
  else if (options.live && liveTests === 0) findings.push("no live test ran, although backends are up");
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
