import { basename } from "node:path";
import { globSync, readFileSync } from "node:fs";

const SKIPPED_FOLDERS = new Set(["node_modules", "dist", ".git", ".turbo", "coverage"]);

/** Lists the files under `root` that match `pattern`, sorted, relative to `root` and with forward slashes. */
export function filesIn(root: string, pattern: string): string[] {
  return globSync(pattern, { cwd: root, exclude: (path) => SKIPPED_FOLDERS.has(basename(path)) })
    .map((path) => path.replaceAll("\\", "/"))
    .toSorted();
}

/** Reads a JSON file; the caller names the shape that it expects. */
export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** Prints one line for each finding and lets the process end with 1 if there is any. */
export function report(check: string, findings: readonly string[]): void {
  for (const finding of findings) console.error(finding);
  console.log(findings.length === 0 ? `${check}: ok` : `${check}: ${findings.length} to mend`);
  if (findings.length > 0) process.exitCode = 1;
}
