// The one form of the package.json of a package, and what it exports.
import { isDeepStrictEqual } from "node:util";

/** The fields of a package.json that the checks read. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean | undefined;
  readonly scripts?: Readonly<Record<string, string>> | undefined;
  readonly dependencies?: Readonly<Record<string, string>> | undefined;
  readonly optionalDependencies?: Readonly<Record<string, string>> | undefined;
  readonly peerDependencies?: Readonly<Record<string, string>> | undefined;
  readonly devDependencies?: Readonly<Record<string, string>> | undefined;
}

/** The scope of every package of this repository. */
export const SCOPE = "@eventmeter/";
/** The export condition that resolves a package to its source. It is not published. */
export const SOURCE_CONDITION = "@eventmeter/source";

/** The scripts that a package manager runs on its own when a package is installed, packed or published. */
export const LIFECYCLE_SCRIPTS: readonly string[] = (
  "preinstall install postinstall preprepare prepare postprepare dependencies " +
  "prepublish prepublishOnly prepack postpack publish postpublish"
).split(" ");

/** Entry points besides `"."`, by the folder of their package; each is a file of that name under `src/`. */
export const FURTHER_ENTRIES: Readonly<Record<string, readonly string[]>> = { core: ["publisher"] };

/** Returns the `exports` of a package: its entry points with the source condition, or as they are published. */
function exportsOf(folder: string, options: { readonly published: boolean }): Record<string, unknown> {
  const entries = ["index", ...(FURTHER_ENTRIES[folder] ?? [])].map((name) => [
    name === "index" ? "." : `./${name}`,
    {
      ...(options.published ? {} : { [SOURCE_CONDITION]: `./src/${name}.ts` }),
      types: `./dist/${name}.d.ts`,
      default: `./dist/${name}.js`,
    },
  ]);
  return { ...Object.fromEntries(entries), "./package.json": "./package.json" };
}

function expectedFields(folder: string): Record<string, unknown> {
  return {
    name: SCOPE + folder,
    license: "MIT",
    type: "module",
    sideEffects: false,
    files: ["dist", "src"],
    engines: { node: ">=22.13" },
    exports: exportsOf(folder, { published: false }),
    publishConfig: { access: "public", provenance: true, exports: exportsOf(folder, { published: true }) },
  };
}

/** Compares the package.json of `packages/<folder>` with the form that all packages share and returns one line for each finding. */
export function checkManifest(folder: string, manifest: Manifest): string[] {
  const fields = new Map(Object.entries(manifest));
  const findings: string[] = [];
  for (const [field, expected] of Object.entries(expectedFields(folder))) {
    const [actual, wanted] = [JSON.stringify(fields.get(field)), JSON.stringify(expected)];
    // The order of conditions decides which one a loader uses, so "exports" is compared as text.
    const same = field === "exports" ? actual === wanted : isDeepStrictEqual(fields.get(field), expected);
    if (!same) findings.push(`"${field}" is ${actual}, expected ${wanted}`);
  }
  for (const script of LIFECYCLE_SCRIPTS) {
    if (manifest.scripts?.[script] !== undefined)
      findings.push(`lifecycle script "${script}" would run on the machines of users`);
  }
  const { dependencies = {}, peerDependencies = {}, devDependencies = {}, optionalDependencies = {} } = manifest;
  const core = `${SCOPE}core`;
  if (folder !== "core") {
    if (peerDependencies[core] === undefined) findings.push(`${core} is not in "peerDependencies"`);
    if (devDependencies[core] === undefined) findings.push(`${core} is not in "devDependencies"`);
    if (dependencies[core] !== undefined) findings.push(`${core} is in "dependencies", but must be a peer`);
  }
  for (const group of [dependencies, peerDependencies, devDependencies, optionalDependencies]) {
    for (const [name, range] of Object.entries(group)) {
      if (name.startsWith(SCOPE) && range !== "workspace:^")
        findings.push(`${name} is "${range}", expected "workspace:^"`);
    }
  }
  return findings.map((finding) => `packages/${folder}/package.json: ${finding}`);
}
