// Folders outside of the repository in which the trials build and run, with the packages as users install them.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { filesIn } from "../findings.ts";
import { runTool } from "../run-tool.ts";
import type { Receivers } from "./receivers.ts";
import { runProgram, startProgram } from "./run-program.ts";
import { ELASTICSEARCH_CLIENT, FOLDERS, NODE_22, type Trial } from "./trials.ts";

const APPS = join(import.meta.dirname, "apps");
const BUILD_MS = 300_000;
const RUN_MS = 90_000;

/** Packs every package of the repository and returns the tarballs by name. */
export async function packAll(root: string, folder: string): Promise<Record<string, string>> {
  const tarballs: Record<string, string> = {};
  for (const path of filesIn(root, "packages/*/package.json")) {
    const { name } = JSON.parse(readFileSync(join(root, path), "utf8")) as { name: string };
    const cwd = join(root, path, "..");
    const packed = await runTool(cwd, "pnpm", ["pack", "--json", "--pack-destination", folder]);
    if (!packed.ok) throw new Error(`${name}: pnpm pack failed\n${packed.stdout}${packed.stderr}`);
    tarballs[name] = `file:${(JSON.parse(packed.stdout) as { filename: string }).filename}`;
  }
  return tarballs;
}

async function install(cwd: string, manifest: object): Promise<void> {
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, "package.json"), JSON.stringify({ private: true, ...manifest }));
  await runProgram({ command: ["npm", "install", "--no-audit", "--no-fund", "--prefer-offline"], cwd }, 600_000);
}

/** Installs the tools of one folder, the packages, and the programs to build. */
export async function prepare(cwd: string, folder: string, tarballs: Record<string, string>): Promise<void> {
  const dependencies = { ...tarballs, "@elastic/elasticsearch": ELASTICSEARCH_CLIENT, ...FOLDERS[folder] };
  await install(cwd, { dependencies, overrides: tarballs });
  for (const file of filesIn(APPS, "*.{mjs,cjs}")) cpSync(join(APPS, file), join(cwd, file));
  if (folder.startsWith("next-")) cpSync(join(APPS, "next"), cwd, { recursive: true });
  if (folder === "jest") {
    cpSync(join(APPS, "../../../examples/jest"), cwd, { recursive: true });
    cpSync(join(APPS, "jest"), cwd, { recursive: true });
  }
}

/** Installs the other Node.js and returns the path of its executable. */
export async function installNode(cwd: string): Promise<string> {
  await install(cwd, { dependencies: { node: NODE_22 } });
  return join(cwd, "node_modules/node/bin/node");
}

/** Builds and runs one trial on every Node.js that is given. Rejects with what went wrong. */
export async function tryOne(trial: Trial, cwd: string, nodes: readonly string[], receivers: Receivers): Promise<void> {
  rmSync(join(cwd, "out"), { recursive: true, force: true });
  rmSync(join(cwd, ".next"), { recursive: true, force: true });
  const bin = (name: string): string => join(cwd, "node_modules/.bin", name);
  for (const [tool, ...args] of trial.builds) {
    const output = await runProgram({ command: [bin(tool), ...args], cwd }, BUILD_MS);
    if (/Cannot find module|Module not found/.test(output) && !/apache-arrow/.test(output)) throw new Error(output);
  }
  const out = join(cwd, "out");
  mkdirSync(out, { recursive: true });
  const folder = trial.alone ? join(cwd, "../alone") : out;
  if (trial.alone) {
    rmSync(folder, { recursive: true, force: true });
    cpSync(out, folder, { recursive: true });
  }
  const runtimes = trial.run === "bun" || trial.run === "deno" ? [bin(trial.run)] : nodes;
  for (const [index, runtime] of runtimes.entries()) {
    const id = `trial_${Date.now().toString(36)}_${index}`;
    const env = { TRIAL: id, ELASTICSEARCH_URL: receivers.elasticsearchUrl, OTLP_URL: receivers.otlpUrl };
    const script = join(folder, trial.script ?? "");
    if (trial.run === "next") await runNext({ runtime, cwd, env });
    else {
      const args = { script: [script], jest: [bin("jest"), "--ci"], bun: [script], deno: ["run", "-A", script] }[
        trial.run
      ];
      const at = trial.alone ? folder : cwd;
      const output = await runProgram({ command: [runtime, ...args], cwd: at, env }, RUN_MS);
      if (trial.run !== "jest") expectPublished(output);
    }
    const documents = receivers.documents(id);
    if (documents !== 2) throw new Error(`${documents} of 2 documents arrived`);
    if (!receivers.hasSeries(id)) throw new Error("no series arrived");
  }
}

function expectPublished(output: string): void {
  const [, text = ""] = /^RESULT (.+)$/m.exec(output) ?? [];
  const wanted = '{"status":"complete","problems":[],"documents":2,"series":2,"page":true,"process":true}';
  if (text !== wanted) throw new Error(`expected ${wanted}, got:\n${output.slice(-4_000)}`);
}

interface NextRun {
  readonly runtime: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

async function runNext({ runtime, cwd, env }: NextRun): Promise<void> {
  const next = join(cwd, "node_modules/next/dist/bin/next");
  await using server = startProgram({ command: [runtime, next, "start", "-p", "0", "-H", "127.0.0.1"], cwd, env });
  const until = Date.now() + RUN_MS;
  const isReady = (): boolean => /INSTRUMENTED/.test(server.output()) && /Ready/.test(server.output());
  while (!isReady() && Date.now() < until && server.child.exitCode === null) await sleep(100);
  const address = /http:\/\/127\.0\.0\.1:\d+/.exec(server.output())?.[0];
  if (address === undefined || !server.output().includes("INSTRUMENTED true"))
    throw new Error(`the server did not start, or its instrumentation.js did not run:\n${server.output()}`);
  const ask = async (path: string): Promise<string> =>
    (await fetch(`${address}${path}`, { signal: AbortSignal.timeout(RUN_MS) })).text();
  expectPublished(`RESULT ${await ask("/run")}`);
  const edge = await ask("/edge");
  if (!edge.includes('"delivered":1')) throw new Error(`core failed on the edge runtime: ${edge}`);
}

/** Returns whether a built repository is there to be packed. */
export function isBuilt(root: string): boolean {
  return existsSync(join(root, "packages/core/dist/index.js"));
}
