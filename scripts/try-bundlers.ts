// Builds and runs a small program with each bundler and framework, on the packed packages, and compares the table in the docs.
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openReceivers } from "./bundlers/receivers.ts";
import { FOLDERS, TRIALS, type Trial, tableOf, versionOf } from "./bundlers/trials.ts";
import { installNode, isBuilt, packAll, prepare, tryOne } from "./bundlers/workspace.ts";

const PAGE = "docs/bundlers.md";

/** Tries every trial whose tool or form contains a word of `words`, or all of them, and returns the failures. */
async function tryAll(root: string, words: readonly string[]): Promise<Map<Trial, string>> {
  const chosen = TRIALS.filter(
    ({ tool, form, folder }) => words.length === 0 || words.some((word) => `${folder} ${tool} ${form}`.includes(word)),
  );
  const failures = new Map<Trial, string>();
  const temporary = realpathSync(mkdtempSync(join(tmpdir(), "eventmeter-bundlers-")));
  try {
    await using receivers = await openReceivers();
    const tarballs = await packAll(root, join(temporary, "packed"));
    const nodes = [process.execPath, await installNode(join(temporary, "node-22"))];
    for (const folder of Object.keys(FOLDERS)) {
      const trials = chosen.filter((trial) => trial.folder === folder);
      if (trials.length === 0) continue;
      const cwd = join(temporary, folder);
      const failed = await failureOf(() => prepare(cwd, folder, tarballs));
      for (const trial of trials) {
        const began = performance.now();
        const failure = failed === undefined ? await failureOf(() => tryOne(trial, cwd, nodes, receivers)) : failed;
        const seconds = Math.round((performance.now() - began) / 1000);
        const name = `${trial.tool} ${versionOf(trial)}, ${trial.form}`;
        console.error(failure === undefined ? `works after ${seconds} s: ${name}` : `FAILS: ${name}\n${failure}`);
        if (failure === undefined) continue;
        const reason = failed === undefined ? "its run" : "its installation";
        failures.set(trial, `${reason} (the log of the run says why)`);
      }
      rmSync(cwd, { recursive: true, force: true });
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return failures;
}

async function failureOf(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Returns a page with this table in place of its own. */
export function withTable(page: string, table: readonly string[]): string {
  return page.replace(/^\| tool [\s\S]*?\n(?=\n)/m, () => `${table.join("\n")}\n`);
}

if (import.meta.main) {
  const root = process.cwd();
  const words = process.argv.slice(2).filter((word) => word !== "--write");
  if (!isBuilt(root)) throw new Error("packages/core/dist is missing; first run: pnpm build");
  const failures = await tryAll(root, words);
  const page = readFileSync(join(root, PAGE), "utf8");
  const wanted = withTable(page, tableOf(failures));
  if (process.argv.includes("--write")) writeFileSync(join(root, PAGE), wanted);
  else if (words.length === 0 && wanted !== page) console.error(`${PAGE}: differs from the results`);
  if (failures.size > 0 || (words.length === 0 && wanted !== page && !process.argv.includes("--write")))
    process.exitCode = 1;
  console.log(`bundlers: ${failures.size === 0 ? "ok" : `${failures.size} failed`}`);
}
