// Finds what a bundler, or a runner that compiles packages, cannot follow in a built file.
import { init, parse } from "es-module-lexer";
import { codeOnly } from "./source-text.ts";

/** A word that tells the form of an import, and what is wrong with it. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/\bcreateRequire\b/, "creates a require function, which a bundler does not follow"],
  // A method may have this name.
  [
    /(?:[=(,:?&|![]\s*|\b(?:return|await)\s+)require\s*\(|(?<![.\w$#])require\s*\(\s*""/,
    "calls require, which an ES module does not have",
  ],
  [/(?<![.\w$#])__(?:dirname|filename)\b/, "uses __dirname or __filename, which an ES module does not have"],
  [/\b(?:import|require)\s*\.\s*resolve\b/, "resolves a module by itself, which a bundler does not follow"],
  [/\b(?:new\s+Function|eval)\s*\(/, "runs code from text, which a bundler does not see and some runtimes forbid"],
];

await init;

/** Returns one line for each import of a built JavaScript file that a bundler cannot follow, and the modules of all the others. */
export function readImports(code: string): { readonly modules: string[]; readonly faults: string[] } {
  const faults: string[] = [];
  const modules: string[] = [];
  for (const { d: kind, n: name, ss: from, se: to } of parse(code)[0]) {
    if (kind === -2) faults.push("uses import.meta, which has no value after compilation to CommonJS");
    else if (name === undefined) faults.push(`the module of ${code.slice(from, to)} is computed; name it in the call`);
    else modules.push(name);
  }
  const words = codeOnly(code);
  for (const [word, fault] of WORDS) if (word.test(words)) faults.push(fault);
  // The lexer says where an await is, but not whether a function holds it. In built files, only the outermost lines are not indented.
  if (/^(?:(?:export\s+)?(?:const|let)\s[^=]+=\s*)?await\b/m.test(words))
    faults.push("awaits outside of a function, so require() cannot load it");
  return { modules, faults };
}
