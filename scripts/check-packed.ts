// Packs every package, installs it as a user would, and checks the result.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { filesIn, readJson, report } from "./findings.ts";
import { FURTHER_ENTRIES, LIFECYCLE_SCRIPTS, type Manifest, SCOPE, SOURCE_CONDITION } from "./layout-manifest.ts";
import { readImports } from "./packed-imports.ts";
import { inParallel, runTool } from "./run-tool.ts";

/** The clients of the backends, and the one package that may install each of them. */
const CLIENTS: Readonly<Record<string, string>> = {
  "prom-client": `${SCOPE}publisher-prometheus`,
  "@elastic/elasticsearch": `${SCOPE}publisher-elasticsearch`,
};
const SHIPPED =
  /^(?:package\.json|README\.md|CHANGELOG\.md|LICENSE|src\/.+\.(?:ts|json|md)|dist\/.+\.(?:js|js\.map|d\.ts|d\.ts\.map|json))$/;
const REQUIRED = ["package.json", "README.md", "LICENSE", "dist/index.js", "dist/index.d.ts", "src/index.ts"];

const CORE_CONSUMER = `import { createPublisher, isNetwork, type EventMetrics, type MetricsPublisher } from "@eventmeter/core";
const record: EventMetrics = { eventName: "import", taskId: 1, startTime: Date.now(), endTime: undefined };
await using publisher: MetricsPublisher = createPublisher({ name: "seen", event: (data) => void data.event_name });
if (!isNetwork(record)) publisher.publishEventMetrics(record);
export const pending: number = (await publisher.flush({ timeoutMs: 100 })).pending;
`;
const CORE_LIBRARIES = { lib: ["es2022", "esnext.disposable"], types: [] };

interface Packed {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly tarball: string;
  readonly findings: readonly string[];
}

/** Packs, installs and loads every package under `root` and returns one entry for each finding. */
export async function checkPacked(root: string): Promise<string[]> {
  const temporary = mkdtempSync(join(tmpdir(), "eventmeter-packed-"));
  try {
    const folders = filesIn(root, "packages/*/package.json").map((path) => path.replace("/package.json", ""));
    const unbuilt = folders.filter((folder) => !existsSync(join(root, folder, "dist/index.js")));
    if (unbuilt.length > 0) return unbuilt.map((folder) => `${folder}/dist: missing; first run: pnpm build`);
    console.error(`packing ${folders.length} packages`);
    const packed = await inParallel(folders, availableParallelism(), (folder) => pack(root, folder, temporary));
    const all = new Map(packed.map((one) => [one.manifest.name, one]));
    let done = 0;
    const findings = await inParallel(packed, availableParallelism(), async (one) => {
      const app = join(temporary, one.folder);
      const found = [...one.findings, ...(await lint(root, one)), ...(await install(one, all, app))];
      if (existsSync(join(app, "node_modules")))
        found.push(...(await load(one, app)), ...(await checkTypes(root, one, app)));
      done += 1;
      console.error(`[${done}/${packed.length}] ${one.folder}: ${found.length === 0 ? "ok" : "see below"}`);
      return found.map((finding) => `${one.folder}: ${finding}`);
    });
    return findings.flat();
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function checkContents(folder: string, files: readonly string[], packedManifest: string): string[] {
  const findings = REQUIRED.filter((file) => !files.includes(file)).map((file) => `${file} is not in the tarball`);
  const stale: string[] = [];
  for (const file of files) {
    if (!SHIPPED.test(file)) findings.push(`${file} is in the tarball`);
    const source = file
      .replace(/^dist\/(.+?)(?:\.d)?\.(?:js|ts)(?:\.map)?$/, "src/$1.ts")
      .replace(/^dist\/(.+\.json)$/, "src/$1");
    if (file !== source && !files.includes(source)) stale.push(file);
  }
  if (stale.length > 0) findings.push(`no source for ${stale.join(", ")}; remove ${folder}/dist, then run: pnpm build`);
  for (const left of ["workspace:", "catalog:", SOURCE_CONDITION]) {
    if (packedManifest.includes(left)) findings.push(`"${left}" remains in the packed package.json`);
  }
  const { scripts = {} } = JSON.parse(packedManifest) as Manifest;
  for (const script of LIFECYCLE_SCRIPTS)
    if (scripts[script] !== undefined) findings.push(`lifecycle script "${script}" remains in the packed package.json`);
  return findings;
}

/** Every import can be followed by a bundler, and core, which also runs where there is no Node.js, imports nothing. */
function checkImports(folder: string, unpacked: string, files: readonly string[]): string[] {
  return files
    .filter((file) => file.endsWith(".js"))
    .flatMap((file) => {
      const { modules, faults } = readImports(readFileSync(join(unpacked, file), "utf8"));
      const foreign = folder === "packages/core" ? modules.filter((name) => !name.startsWith(".")) : [];
      return [...faults, ...foreign.map((name) => `core imports ${name}`)].map((fault) => `${file}: ${fault}`);
    });
}

async function packOnce(
  root: string,
  folder: string,
  destination: string,
): Promise<{ readonly filename: string; readonly files: string[] }> {
  mkdirSync(destination, { recursive: true });
  const packed = await runTool(join(root, folder), "pnpm", ["pack", "--json", "--pack-destination", destination]);
  if (!packed.ok) throw new Error(`${folder}: pnpm pack failed\n${packed.stdout}${packed.stderr}`);
  const { filename, files } = JSON.parse(packed.stdout) as { filename: string; files: { path: string }[] };
  return { filename, files: files.map(({ path }) => path) };
}

async function pack(root: string, folder: string, temporary: string): Promise<Packed> {
  const { filename, files } = await packOnce(root, folder, join(temporary, "first"));
  const again = await packOnce(root, folder, join(temporary, "second"));
  const unpacked = join(temporary, "unpacked", folder);
  mkdirSync(unpacked, { recursive: true });
  await runTool(unpacked, "tar", ["-xzf", filename, "--strip-components=1"]);
  const findings = checkContents(folder, files, readFileSync(join(unpacked, "package.json"), "utf8"));
  findings.push(...checkImports(folder, unpacked, files));
  if (!readFileSync(filename).equals(readFileSync(again.filename))) findings.push("two tarballs of it differ");
  return { folder, manifest: readJson(join(root, folder, "package.json")) as Manifest, tarball: filename, findings };
}

async function lint(root: string, { tarball }: Packed): Promise<string[]> {
  const bin = join(root, "node_modules/.bin");
  const tools: [string, string[]][] = [
    ["publint", ["run", tarball, "--strict"]],
    ["attw", [tarball, "--profile", "esm-only", "--format", "ascii", "--no-emoji", "--no-color"]],
  ];
  const results = await inParallel(tools, 1, ([tool, args]) => runTool(root, join(bin, tool), args));
  return results.flatMap(({ ok, stdout, stderr }, index) =>
    ok ? [] : [`${tools[index]?.[0]} found:\n${stdout}${stderr}`],
  );
}

/** Returns the packages of this repository that are installed with a package: itself, its dependencies and peers, and theirs. */
function companionsOf(packed: Packed, all: ReadonlyMap<string, Packed>, found: Set<string> = new Set()): Set<string> {
  const { dependencies, peerDependencies, name } = packed.manifest;
  if (found.has(name)) return found;
  found.add(name);
  for (const other of Object.keys({ ...dependencies, ...peerDependencies })) {
    const companion = all.get(other);
    if (companion !== undefined) companionsOf(companion, all, found);
  }
  return found;
}

async function install(packed: Packed, all: ReadonlyMap<string, Packed>, app: string): Promise<string[]> {
  const { name, peerDependencies = {} } = packed.manifest;
  const companions = companionsOf(packed, all);
  const tarballs = Object.fromEntries([...companions].map((other) => [other, `file:${all.get(other)?.tarball}`]));
  const asked = [name, ...Object.keys(peerDependencies).filter((peer) => companions.has(peer))];
  mkdirSync(app, { recursive: true });
  const manifest = {
    private: true,
    type: "module",
    dependencies: Object.fromEntries(asked.map((other) => [other, tarballs[other]])),
    overrides: tarballs,
  };
  writeFileSync(join(app, "package.json"), JSON.stringify(manifest));
  const installed = await runTool(app, "npm", [
    "install",
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    "--prefer-offline",
  ]);
  if (!installed.ok) return [`npm install failed:\n${installed.stdout}${installed.stderr}`];

  const findings: string[] = [];
  const present = (other: string): boolean => existsSync(join(app, "node_modules", other));
  for (const [client, owner] of Object.entries(CLIENTS)) {
    if (present(client) && !companions.has(owner))
      findings.push(`${client} is installed too, but only ${owner} may depend on it`);
  }
  const ours = readdirSync(join(app, "node_modules", SCOPE)).map((folder) => SCOPE + folder);
  if (ours.toSorted().join() !== [...companions].toSorted().join())
    findings.push(`installs ${ours.join(", ")}, expected ${[...companions].join(", ")}`);
  return findings;
}

async function load({ manifest: { name } }: Packed, app: string): Promise<string[]> {
  return (await Promise.all(entriesOf(name).map((entry) => loadEntry(entry, app)))).flat();
}

function entriesOf(name: string): string[] {
  return [name, ...(FURTHER_ENTRIES[name.slice(SCOPE.length)] ?? []).map((entry) => `${name}/${entry}`)];
}

async function loadEntry(name: string, app: string): Promise<string[]> {
  const print = "process.stdout.write(Object.keys(loaded).filter((key) => key !== 'default').sort().join())";
  const [imported, required] = await Promise.all([
    runTool(app, process.execPath, ["--input-type=module", "-e", `const loaded = await import("${name}"); ${print}`]),
    runTool(app, process.execPath, ["--input-type=commonjs", "-e", `const loaded = require("${name}"); ${print}`]),
  ]);
  const findings: string[] = [];
  for (const [way, result] of [
    ["import", imported],
    ["require", required],
  ] as const) {
    if (!result.ok) findings.push(`${name} cannot be loaded with ${way}:\n${result.stderr}`);
    else if (result.stderr !== "")
      findings.push(`${name} prints something when it is loaded with ${way}:\n${result.stderr}`);
  }
  if (imported.stdout !== required.stdout) findings.push(`${name}: import and require export different names`);
  return findings;
}

async function checkTypes(root: string, { manifest: { name } }: Packed, app: string): Promise<string[]> {
  const isCore = name === `${SCOPE}core`;
  const everything = entriesOf(name).map(
    (entry, index) =>
      `import * as entry${index} from "${entry}";\nexport type Names${index} = keyof typeof entry${index};\n`,
  );
  writeFileSync(join(app, "consumer.ts"), (isCore ? CORE_CONSUMER : "") + everything.join(""));
  const libraries = isCore
    ? CORE_LIBRARIES
    : { lib: CORE_LIBRARIES.lib, types: ["node"], typeRoots: [join(root, "node_modules/@types")] };
  const strict = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true };
  const compilerOptions = { ...strict, target: "es2022", module: "nodenext", ...libraries };
  writeFileSync(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
  const checked = await runTool(app, join(root, "node_modules/.bin/tsc"), ["-p", "tsconfig.json", "--pretty", "false"]);
  return checked.ok
    ? []
    : [`a program with strict compiler options does not compile:\n${checked.stdout}${checked.stderr}`];
}

if (import.meta.main) report("packed", await checkPacked(process.cwd()));
