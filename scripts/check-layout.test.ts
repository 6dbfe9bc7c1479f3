import { expect, test } from "vitest";
import { checkLayout } from "./check-layout.ts";
import { createFixture, type Fixture } from "./fixture.ts";

interface PackageShape {
  readonly [field: string]: unknown;
}

const BUILT = { types: "./dist/index.d.ts", default: "./dist/index.js" };
const BUILT_PUBLISHER = { types: "./dist/publisher.d.ts", default: "./dist/publisher.js" };
const PEER = { "@eventmeter/core": "workspace:^" };

function manifest(folder: string, changes: PackageShape = {}): string {
  return JSON.stringify({
    name: `@eventmeter/${folder}`,
    version: "1.0.0",
    license: "MIT",
    files: ["dist", "src"],
    type: "module",
    sideEffects: false,
    exports: {
      ".": { "@eventmeter/source": "./src/index.ts", ...BUILT },
      ...(folder === "core"
        ? { "./publisher": { "@eventmeter/source": "./src/publisher.ts", ...BUILT_PUBLISHER } }
        : {}),
      "./package.json": "./package.json",
    },
    publishConfig: {
      access: "public",
      provenance: true,
      exports: {
        ".": BUILT,
        ...(folder === "core" ? { "./publisher": BUILT_PUBLISHER } : {}),
        "./package.json": "./package.json",
      },
    },
    scripts: { build: "tsc -p tsconfig.build.json" },
    engines: { node: ">=22.13" },
    ...(folder === "core" ? {} : { peerDependencies: PEER, devDependencies: PEER }),
    ...changes,
  });
}

function packageFiles(folder: string, changes: PackageShape = {}): Record<string, string> {
  const files = {
    "README.md": "",
    "CHANGELOG.md": "",
    LICENSE: "",
    "package.json": manifest(folder, changes),
    "tsconfig.build.json": '{ "extends": "../../tsconfig.base.json" }',
    "src/index.ts": "// Entry point.\nexport const one = 1;\n",
    "test/one.test.ts": 'import { one } from "../src/index.ts";\n',
  };
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [`packages/${folder}/${path}`, text]));
}

function createPackages(): Fixture {
  return createFixture({
    ...packageFiles("core"),
    ...packageFiles("aggregation"),
    ...packageFiles("delivery"),
    ...packageFiles("testkit"),
    ...packageFiles("publisher-page", {
      dependencies: { "@eventmeter/aggregation": "workspace:^", "page-client": "^1.0.0" },
      devDependencies: { ...PEER, "@eventmeter/testkit": "workspace:^", "test-tool": "^1.0.0" },
    }),
    "packages/publisher-page/src/index.ts":
      '// Entry point.\nimport { createServer } from "node:http";\nimport type { Series } from "@eventmeter/aggregation";\nimport page from "page-client";\n',
    "packages/publisher-page/src/client/page-client-parts.d.ts": '// Types.\ndeclare module "page-client/parts";\n',
    "packages/publisher-page/test/page.test.ts":
      'import { test } from "vitest";\nimport { conformance } from "@eventmeter/testkit";\n',
  });
}

test("packages in order have no findings", () => {
  using packages = createPackages();
  expect(checkLayout(packages.root)).toEqual([]);
});

const brokenFiles: readonly (readonly [string, string, string | undefined, string])[] = [
  ["a README is missing", "packages/core/README.md", undefined, "packages/core/README.md: missing"],
  ["a package.json is missing", "packages/core/package.json", undefined, "packages/core/package.json: missing"],
  ["a config of its own", "packages/core/vitest.config.ts", "", "packages/core/vitest.config.ts: not one"],
  ["a tsconfig that sets options", "packages/core/tsconfig.build.json", '{"compilerOptions":{}}', "may only extend"],
  ["a name in camel case", "packages/core/src/readEvent.ts", "", "kebab case"],
  ["a folder in camel case", "packages/core/src/readers/Event/text.ts", "", "kebab case"],
  ["a file named utils", "packages/core/src/utils.ts", "", "the name does not say what the file holds"],
  ["a nested barrel", "packages/core/src/fields/index.ts", "", "nested barrel"],
  ["a file of 251 lines", "packages/core/src/long.ts", "export {};\n".repeat(250), "251 lines, at most 250"],
  ["a default export", "packages/core/src/one.ts", "export default 1;\n", "default export"],
  ["a renamed default export", "packages/core/src/one.ts", "export { one as default };\n", "default export"],
  ["the environment", "packages/core/src/one.ts", "const level = process.env.LEVEL;\n", "process.env"],
  ["any as a type", "packages/core/src/one.ts", "let one: any;\n", '"any" in a type'],
  ["any as an argument", "packages/core/src/one.ts", "let one: Map<string, any>;\n", '"any" in a type'],
  ["any as an assertion", "packages/core/src/one.ts", "const two = one as any;\n", '"any" in a type'],
  ["a module in core", "packages/core/src/one.ts", 'import { hash } from "node:crypto";\n', "core may import nothing"],
  [
    "a package in core",
    "packages/core/src/one.ts",
    'export * from "@eventmeter/testkit";\n',
    "core may import nothing",
  ],
  [
    "aggregation knowing a publisher",
    "packages/aggregation/src/one.ts",
    'import "@eventmeter/publisher-page";\n',
    "may not use",
  ],
  [
    "aggregation knowing delivery",
    "packages/aggregation/src/one.ts",
    'await import("@eventmeter/delivery");\n',
    "may not use delivery",
  ],
  [
    "delivery knowing aggregation",
    "packages/delivery/src/one.ts",
    'import type { A } from "@eventmeter/aggregation";\n',
    "may not use aggregation",
  ],
  [
    "testkit in source",
    "packages/publisher-page/src/one.ts",
    'import { clock } from "@eventmeter/testkit";\n',
    "may not use testkit",
  ],
  [
    "an unnamed dependency",
    "packages/publisher-page/src/one.ts",
    'import ky from "ky";\n',
    "ky, which is missing in package.json",
  ],
  [
    "an unnamed package of this repository",
    "packages/publisher-page/src/one.ts",
    'import {\n  q,\n} from "@eventmeter/delivery";\n',
    "delivery, which is missing in package.json",
  ],
  [
    "a development dependency in source",
    "packages/publisher-page/src/one.ts",
    'import "test-tool";\n',
    "test-tool, which is missing in package.json",
  ],
  [
    "a path into a package",
    "packages/publisher-page/src/one.ts",
    'import { a } from "@eventmeter/core/src/a.ts";\n',
    "is not an entry point of @eventmeter/core",
  ],
  [
    "a path out of src",
    "packages/publisher-page/src/one.ts",
    'import { a } from "../../core/src/a.ts";\n',
    "leads out of packages/publisher-page/src/",
  ],
  [
    "a test in another package",
    "packages/publisher-page/test/one.ts",
    'import { a } from "../../core/src/a.ts";\n',
    "leads out of packages/publisher-page/",
  ],
  ["a missing extension", "packages/publisher-page/src/one.ts", 'import { a } from "./a.js";\n', "must end in .ts"],
  [
    "a test of two publishers",
    "packages/publisher-page/test/one.ts",
    'import "@eventmeter/publisher-b";\n',
    "may not use publisher-b",
  ],
];

test.each(brokenFiles)("%s is a finding", (_, path, text, finding) => {
  using packages = createPackages();
  packages.set(path, path.includes("/src/") && text !== undefined ? `// Opening line.\n${text}` : text);
  expect(checkLayout(packages.root)).toEqual([expect.stringContaining(finding)]);
});

test.each([
  ["code", "export {};\n"],
  ["a comment in another form", "/** What it is. */\nexport {};\n"],
  ["an instruction for the linter", "// oxlint-disable no-new\nexport {};\n"],
  ["an empty line", "\n// What it is.\nexport {};\n"],
  ["nothing", ""],
])("a source file that opens with %s is a finding", (_, text) => {
  using packages = createPackages();
  packages.set("packages/core/src/one.ts", text);
  expect(checkLayout(packages.root)).toEqual([expect.stringContaining("must open with one line")]);
});

const brokenManifests: readonly (readonly [string, string, PackageShape, string])[] = [
  ["another name", "core", { name: "core" }, '"name" is "core"'],
  ["CommonJS", "core", { type: "commonjs" }, '"type" is "commonjs"'],
  ["side effects", "core", { sideEffects: undefined }, '"sideEffects" is undefined'],
  ["another engine", "core", { engines: { node: ">=20" } }, '"engines" is'],
  ["more files", "core", { files: ["dist", "src", "test"] }, '"files" is'],
  ["a subpath", "core", { exports: { ".": BUILT, "./a": "./a.js" } }, '"exports" is'],
  [
    "source after types",
    "core",
    { exports: { ".": { ...BUILT, "@eventmeter/source": "./src/index.ts" }, "./package.json": "./package.json" } },
    '"exports" is',
  ],
  [
    "a published source condition",
    "core",
    { publishConfig: { access: "public", provenance: true } },
    '"publishConfig" is',
  ],
  ["no provenance", "core", { publishConfig: { access: "public" } }, '"publishConfig" is'],
  ["a lifecycle script", "core", { scripts: { postinstall: "node x.js" } }, 'lifecycle script "postinstall"'],
  ["a prepare script", "core", { scripts: { prepare: "tsc" } }, 'lifecycle script "prepare"'],
  ["a dependency of core", "core", { dependencies: { ky: "^1.0.0" } }, "core may not depend on ky"],
  [
    "a circle around core",
    "core",
    { devDependencies: { "@eventmeter/testkit": "workspace:^" } },
    "core may not depend on",
  ],
  ["core without a peer", "delivery", { peerDependencies: {} }, 'not in "peerDependencies"'],
  ["core without a copy to test with", "delivery", { devDependencies: {} }, 'not in "devDependencies"'],
  ["core as a dependency", "delivery", { dependencies: PEER }, "must be a peer"],
  [
    "a fixed version",
    "delivery",
    { devDependencies: { "@eventmeter/core": "^1.0.0" } },
    'is "^1.0.0", expected "workspace:^"',
  ],
  [
    "testkit as a dependency",
    "delivery",
    { dependencies: { "@eventmeter/testkit": "workspace:^" } },
    "may not depend on @eventmeter/testkit",
  ],
  [
    "aggregation under delivery",
    "delivery",
    { dependencies: { "@eventmeter/aggregation": "workspace:^" } },
    "may not depend on",
  ],
  [
    "a series store under composite",
    "publisher-composite",
    { dependencies: { "@eventmeter/aggregation": "workspace:^" } },
    "may not depend on",
  ],
  [
    "a publisher under a publisher",
    "publisher-two",
    { dependencies: { "@eventmeter/publisher-page": "workspace:^" } },
    "may not depend on",
  ],
  ["an unknown package", "tools", {}, "unknown package; add it to ALLOWED"],
];

test.each(brokenManifests)("%s is a finding", (_, folder, changes, finding) => {
  using packages = createPackages();
  for (const [path, text] of Object.entries(packageFiles(folder, changes))) packages.set(path, text);
  expect(checkLayout(packages.root)).toEqual([expect.stringContaining(finding)]);
});

test("words in comments and strings are not findings", () => {
  using packages = createPackages();
  packages.set(
    "packages/core/src/words.ts",
    '// Words.\n/** Like: any other, from "ky"; never process.env. */\n// import "ky";\nexport const text = "as any: https://a.example";\n',
  );
  expect(checkLayout(packages.root)).toEqual([]);
});

test("the tests of every package may take what is shared in test/, and no source may", () => {
  using packages = createPackages();
  packages.set("packages/publisher-page/test/warnings.test.ts", 'import { t } from "../../../test/warnings.ts";\n');
  expect(checkLayout(packages.root)).toEqual([]);
  packages.set(
    "packages/publisher-page/src/warnings.ts",
    '// Warnings.\nimport { t } from "../../../test/warnings.ts";\n',
  );
  expect(checkLayout(packages.root)).toEqual([
    'packages/publisher-page/src/warnings.ts: "../../../test/warnings.ts" leads out of packages/publisher-page/src/',
  ]);
});

test("core's tests may take testkit's source by path", () => {
  using packages = createPackages();
  packages.set("packages/core/test/clock.test.ts", 'import { c } from "../../testkit/src/virtual-clock.ts";\n');
  expect(checkLayout(packages.root)).toEqual([]);
});
