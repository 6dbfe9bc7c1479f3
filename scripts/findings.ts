// What the checks share: finding files, reading JSON, and reporting.
import { basename } from "node:path";
import { globSync, readFileSync } from "node:fs";

const SKIPPED_FOLDERS = new Set(["node_modules", "dist", ".git", ".turbo", "coverage"]);

/** Returns the files under `root` that match `pattern`, sorted, relative to `root` and with forward slashes. */
export function filesIn(root: string, pattern: string): string[] {
  return globSync(pattern, { cwd: root, exclude: (path) => SKIPPED_FOLDERS.has(basename(path)) })
    .map((path) => path.replaceAll("\\", "/"))
    .toSorted();
}

/** Reads a JSON file; the caller names the shape that it expects. */
export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** Prints one line for each finding and sets the exit code of the process to 1 if there is any. */
export function report(check: string, findings: readonly string[]): void {
  if (findings.length === 0) return console.log(`${check}: ok`);
  for (const finding of findings) console.error(finding);
  console.error(`${check}: ${findings.length === 1 ? "1 finding" : `${findings.length} findings`}`);
  process.exitCode = 1;
}

/** Prints that a check was skipped, and why. */
export function reportSkipped(check: string, reason: string): void {
  console.log(`${check}: skipped, ${reason}`);
}
