// Checks the packages: which one may depend on which, their files, their package.json, and the form of their source.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, join, posix } from "node:path";
import { filesIn, readJson, report } from "./findings.ts";
import { checkManifest, FURTHER_ENTRIES, type Manifest, SCOPE } from "./layout-manifest.ts";
import { codeOnly, importsOf } from "./source-text.ts";

/** What each package may depend on. A package that is not listed here must be a publisher. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  delivery: ["core"],
  aggregation: ["core"],
  otlp: ["core", "aggregation"],
  testkit: ["core"],
  "publisher-composite": ["core"],
};
const ALLOWED_FOR_PUBLISHERS = ["core", "delivery", "aggregation", "otlp"];

/** Each source file opens with one line that says what it is. */
const OPENING_LINE = /^\/\/ (?!oxlint-|@ts-|#region)\S/;

const FILE_SET = ["CHANGELOG.md", "LICENSE", "README.md", "package.json", "src", "test", "tsconfig.build.json"];
const UNTRACKED = new Set(["node_modules", "dist", ".turbo"]);
const TSCONFIGS = new Set(["base", "node"].map((name) => JSON.stringify({ extends: `../../tsconfig.${name}.json` })));
const MAX_LINES = 250;
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\/[a-z0-9]+(-[a-z0-9]+)*)*(\.d)?\.ts$/;
const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/\bexport\s+default\b|\bas\s+default\b/, "default export"],
  [/\bprocess\s*\??\.\s*env\b/, "reads process.env, which only programs may"],
  [/(?:[:<|&,(=[]|=>|\bas|\bextends|\bkeyof)\s*any\b(?!\s*[:?(])/, '"any" in a type'],
];

/** Checks every folder of `packages/` under `root` and returns one line for each finding. */
export function checkLayout(root: string): string[] {
  const folders = readdirSync(join(root, "packages"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.flatMap(({ name: folder }) => {
    const findings = checkFileSet(root, folder);
    const path = join(root, "packages", folder, "package.json");
    if (!existsSync(path)) return findings;
    const manifest = readJson(path) as Manifest;
    findings.push(...checkManifest(folder, manifest), ...checkDependencies(folder, manifest));
    for (const file of filesIn(root, `packages/${folder}/{src,test}/**/*.ts`)) {
      const text = readFileSync(join(root, file), "utf8");
      const wrong = file.includes("/src/") ? checkSource(file, text) : [];
      for (const specifier of importsOf(text)) wrong.push(checkImport(file, specifier, folder, manifest) ?? "");
      findings.push(...wrong.filter(Boolean).map((finding) => `${file}: ${finding}`));
    }
    return findings;
  });
}

function checkFileSet(root: string, folder: string): string[] {
  const at = `packages/${folder}`;
  const present = readdirSync(join(root, at)).filter((name) => !UNTRACKED.has(name));
  const findings = FILE_SET.filter((name) => !present.includes(name)).map((name) => `${at}/${name}: missing`);
  for (const name of present)
    if (!FILE_SET.includes(name)) findings.push(`${at}/${name}: not one of the files of a package`);
  const tsconfig = join(root, at, "tsconfig.build.json");
  if (existsSync(tsconfig) && !TSCONFIGS.has(JSON.stringify(readJson(tsconfig)))) {
    findings.push(`${at}/tsconfig.build.json: may only extend ../../tsconfig.base.json or ../../tsconfig.node.json`);
  }
  return findings;
}

function allowedFor(folder: string): readonly string[] | undefined {
  return ALLOWED[folder] ?? (folder.startsWith("publisher-") ? ALLOWED_FOR_PUBLISHERS : undefined);
}

function checkDependencies(folder: string, manifest: Manifest): string[] {
  const allowed = allowedFor(folder);
  if (allowed === undefined)
    return [`packages/${folder}: unknown package; add it to ALLOWED in scripts/check-layout.ts`];
  const shipped = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies };
  const forTests = folder === "core" || folder === "testkit" ? allowed : [...allowed, "testkit"];
  const findings: string[] = [];
  for (const [names, permitted] of [
    [Object.keys(shipped), allowed],
    [Object.keys(manifest.devDependencies ?? {}), forTests],
  ] as const) {
    for (const name of names) {
      if (folder === "core" || (name.startsWith(SCOPE) && !permitted.includes(name.slice(SCOPE.length)))) {
        findings.push(`packages/${folder}/package.json: ${folder} may not depend on ${name}`);
      }
    }
  }
  return findings;
}

function checkSource(path: string, text: string): string[] {
  const findings: string[] = [];
  const name = path.replace(/^packages\/[^/]+\/src\//, "");
  if (!KEBAB_CASE.test(name)) findings.push("file names must be nouns in kebab case");
  if (basename(name) === "utils.ts") findings.push("the name does not say what the file holds");
  if (basename(name) === "index.ts" && name !== "index.ts") findings.push("nested barrel");
  if (!OPENING_LINE.test(text)) findings.push('must open with one line that says what the file is: "// …"');
  const lines = text.replace(/\n$/, "").split("\n").length;
  if (lines > MAX_LINES) findings.push(`${lines} lines, at most ${MAX_LINES} are allowed`);
  const code = codeOnly(text);
  for (const [pattern, message] of FORBIDDEN) if (pattern.test(code)) findings.push(message);
  return findings;
}

function checkImport(path: string, specifier: string, folder: string, manifest: Manifest): string | undefined {
  const inSource = path.startsWith(`packages/${folder}/src/`);
  if (specifier.startsWith(".")) return checkRelativeImport(path, specifier, folder, inSource);
  if (inSource && folder === "core") return `core may import nothing, not even ${specifier}`;
  if (specifier.startsWith("node:")) return undefined;
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  const used = name.startsWith(SCOPE) ? name.slice(SCOPE.length) : undefined;
  const entry = specifier.slice(name.length + 1);
  if (used !== undefined && entry !== "" && !FURTHER_ENTRIES[used]?.includes(entry))
    return `"${specifier}" is not an entry point of ${name}`;
  if (!inSource && (used === folder || used === undefined)) return undefined;
  const allowed = [...(allowedFor(folder) ?? []), ...(inSource ? [] : ["testkit"])];
  if (used !== undefined && !allowed.includes(used)) return `${folder} may not use ${used}`;
  const own = { ...manifest.dependencies, ...manifest.peerDependencies, ...(inSource ? {} : manifest.devDependencies) };
  return Object.hasOwn(own, name) ? undefined : `imports ${name}, which is missing in package.json`;
}

function checkRelativeImport(path: string, specifier: string, folder: string, inSource: boolean): string | undefined {
  if (!/\.(ts|json)$/.test(specifier)) return `"${specifier}": relative imports must end in .ts or .json`;
  const roots = [inSource ? `packages/${folder}/src/` : `packages/${folder}/`];
  // core cannot name testkit in its package.json: testkit depends on core, and the build order has no cycles.
  if (folder === "core" && !inSource) roots.push("packages/testkit/src/");
  // What the tests of all packages share and no user needs, such as the set-up of the runner.
  if (!inSource) roots.push("test/");
  const target = posix.join(posix.dirname(path), specifier);
  return roots.some((root) => target.startsWith(root)) ? undefined : `"${specifier}" leads out of ${roots[0]}`;
}

if (import.meta.main) report("layout", checkLayout(process.cwd()));
