// Writes the public surface of each package to docs/api/<package>.d.ts, so that reviewers see each change of it.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { openPackage, type Origin } from "./built-package.ts";
import { namesUsedBy } from "./declaration-file.ts";
import { filesIn, readJson, report } from "./findings.ts";
import { FURTHER_ENTRIES, type Manifest, SCOPE } from "./layout-manifest.ts";

const MAX_DIFF_LINES = 12;

/** Writes `docs/api/` for every package under `root`, or compares it with `check`, and returns one entry for each finding. */
export function reportApi(root: string, options: { readonly check: boolean }): string[] {
  const manifests = filesIn(root, "packages/*/package.json").map((path) => ({
    folder: dirname(path),
    manifest: readJson(join(root, path)) as Manifest,
  }));
  const unstable = new Set(
    manifests.filter(({ manifest }) => manifest.version.startsWith("0.")).map(({ manifest }) => manifest.name),
  );
  const written = new Set<string>();
  const findings: string[] = [];
  for (const { folder, manifest } of manifests) {
    const name = manifest.name.replace(SCOPE, "");
    const entries = ["index", ...(FURTHER_ENTRIES[name] ?? [])];
    const dist = join(root, folder, "dist");
    const stable = !unstable.has(manifest.name);
    for (const entry of entries) {
      const path = `docs/api/${entry === "index" ? name : `${name}-${entry}`}.d.ts`;
      written.add(path);
      if (!existsSync(join(dist, `${entry}.d.ts`))) {
        findings.push(`${folder}/dist/${entry}.d.ts: missing; first run: pnpm build`);
        continue;
      }
      const surface = surfaceOf(manifest.name, dist, (other) => stable && unstable.has(other), entry, entries);
      findings.push(...surface.findings.map((finding) => `${folder}/src/${entry}.ts: ${finding}`));
      const before = existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : "";
      if (before === surface.text) continue;
      if (options.check)
        findings.push(
          `${path}: the surface changed; if that is intended, run: pnpm api\n${shortDiff(before, surface.text)}`,
        );
      else {
        mkdirSync(join(root, "docs/api"), { recursive: true });
        writeFileSync(join(root, path), surface.text);
      }
    }
  }
  for (const path of filesIn(root, "docs/api/*.d.ts")) {
    if (written.has(path)) continue;
    if (options.check) findings.push(`${path}: there is no such package or entry point`);
    else rmSync(join(root, path));
  }
  return findings;
}

function importLine(specifier: string, names: ReadonlyMap<string, string>): string {
  const whole = [...names].find(([, name]) => name === "*" || name === "default");
  if (whole !== undefined)
    return `import type ${whole[1] === "*" ? `* as ${whole[0]}` : whole[0]} from "${specifier}";`;
  const list = [...names].map(([alias, name]) => (alias === name ? name : `${name} as ${alias}`)).toSorted();
  return `import type { ${list.join(", ")} } from "${specifier}";`;
}

/**
 * Returns the public surface of one entry point of the built package in `dist` as text, and the findings.
 * @param entries all entry points of the package: the surface may use a name that any of them exports
 */
function surfaceOf(
  packageName: string,
  dist: string,
  isUnstable: (packageName: string) => boolean = () => false,
  entry = "index",
  entries: readonly string[] = [entry],
): { readonly text: string; readonly findings: readonly string[] } {
  const { read, origin, exported } = openPackage(dist);
  const names = exported(`${entry}.d.ts`);
  const origins = new Map(names.map((name) => [name, origin(`${entry}.d.ts`, name)]));
  const known = entries.flatMap((one) => exported(`${one}.d.ts`).map((name) => origin(`${one}.d.ts`, name)));
  const isExported = (other: Origin): boolean =>
    known.some((found) => found?.file === other.file && found?.name === other.name);
  const imports = new Map<string, Map<string, string>>();
  const findings: string[] = [];
  const parts: string[] = [];
  for (const [exportedName, found] of origins) {
    const declaration = found?.file === undefined ? undefined : read(found.file).declarations.get(found.name);
    if (found === undefined) {
      findings.push(`${exportedName} is exported but not declared`);
      continue;
    }
    if (found.file === undefined || declaration === undefined) {
      parts.push(
        `export { ${found.name === exportedName ? "" : `${found.name} as `}${exportedName} } from "${found.specifier}";\n`,
      );
      continue;
    }
    const asExported = declaration.text.replaceAll(/^(?!export\b)(?=declare |interface |type )/gm, "export ");
    const renamed = found.name !== exportedName;
    parts.push(`${renamed ? declaration.text.replaceAll(/^export /gm, "") : asExported}\n`);
    if (renamed) parts.push(`export { ${found.name} as ${exportedName} };\n`);
    if (/^\s+(?:private|protected)\s/m.test(declaration.text)) findings.push(`${exportedName} shows a private member`);
    const used = namesUsedBy(declaration);
    const { declarations, imports: imported } = read(found.file);
    for (const name of new Set([...declarations.keys(), ...imported.keys()])) {
      if (name === found.name || !used.names.has(name)) continue;
      const other = origin(found.file, name);
      if (other === undefined) continue;
      if (other.file === undefined) {
        imports.set(other.specifier, (imports.get(other.specifier) ?? new Map<string, string>()).set(name, other.name));
        if (isUnstable(other.specifier))
          findings.push(`${exportedName} uses ${name} of ${other.specifier}, which is 0.x`);
      } else if (
        (read(other.file).declarations.get(other.name)?.isType === true || used.values.has(name)) &&
        !isExported(other)
      ) {
        findings.push(`${exportedName} uses ${name}, which no entry point exports`);
      }
    }
  }
  const head = [...imports]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([specifier, list]) => importLine(specifier, list));
  const title = `// Public surface of ${packageName}${entry === "index" ? "" : `/${entry}`}. Written by scripts/report-api.ts: do not edit.\n`;
  return { text: [title, ...(head.length > 0 ? [`${head.join("\n")}\n`] : []), ...parts].join("\n"), findings };
}

function shortDiff(before: string, after: string): string {
  const [old, now] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < old.length && old[start] === now[start]) start += 1;
  let tail = 0;
  while (tail < Math.min(old.length, now.length) - start && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  const lines = [
    ...old.slice(start, old.length - tail).map((line) => `  - ${line}`),
    ...now.slice(start, now.length - tail).map((line) => `  + ${line}`),
  ];
  const rest = lines.length - MAX_DIFF_LINES;
  return [`  @ line ${start + 1}`, ...lines.slice(0, MAX_DIFF_LINES), ...(rest > 0 ? [`  … ${rest} more`] : [])].join(
    "\n",
  );
}

if (import.meta.main) report("api", reportApi(process.cwd(), { check: process.argv.includes("--check") }));
