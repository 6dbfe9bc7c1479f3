import { expect, test } from "vitest";
import { readImports } from "./packed-imports.ts";

test("accepts every form that a bundler follows", () => {
  const code = `import { a } from "node:util";
import data from "./data.json" with { type: "json" };
export * from "./b.js";
const load = async () => await import("@elastic/elasticsearch");
harness.require(a, "import.meta and require( in a string");
class Harness {
  require(holds, message) {}
  async load() {
    return await import("./c.js");
  }
}
// import(name), import.meta
`;
  expect(readImports(code)).toEqual({
    modules: ["node:util", "./data.json", "./b.js", "@elastic/elasticsearch", "./c.js"],
    faults: [],
  });
});

test.each([
  ["import(name)", "is computed"],
  ["import(__rewriteRelativeImportExtension('ky'))", "is computed"],
  ["import(`./${name}.js`)", "is computed"],
  ["const here = import.meta.url;", "import.meta"],
  ["new URL('./a.json', import.meta.url);", "import.meta"],
  ["import { createRequire } from 'node:module';", "require function"],
  ["const a = require('a');", "calls require"],
  ["require('./a.js');", "calls require"],
  ["const a = [require(name)];", "calls require"],
  ["const a = __dirname;", "__dirname"],
  ["const a = require.resolve('a');", "resolves a module"],
  ["const a = new Function('return 1');", "code from text"],
  ["await start();", "outside of a function"],
  ["const a = await start();", "outside of a function"],
  ["export const a = await start();", "outside of a function"],
])("finds %s", (code, fault) => {
  expect(readImports(code).faults).toContainEqual(expect.stringContaining(fault));
});
