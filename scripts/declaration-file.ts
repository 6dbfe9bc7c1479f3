// Reads the `.d.ts` files that the compiler writes: declarations, imports and exports.
import { codeOnly } from "./source-text.ts";

/** A declaration with its JSDoc, as the compiler wrote it. Overloads and merged declarations count as one. */
export interface Declaration {
  readonly text: string;
  /** Whether it is a type or, like a class, also names one. */
  readonly isType: boolean;
}

/** A name that comes from another file. */
export interface Reference {
  readonly specifier: string;
  /** The name in that file; `*` for the whole module. */
  readonly name: string;
}

/** Declarations, imports and exports of one `.d.ts` file. */
export interface DeclarationFile {
  readonly declarations: ReadonlyMap<string, Declaration>;
  readonly imports: ReadonlyMap<string, Reference>;
  /** By exported name: a local name, or a name of another file. */
  readonly exports: ReadonlyMap<string, string | Reference>;
  /** The files of `export * from`. */
  readonly stars: readonly string[];
}

const DECLARATION =
  /^(export\s+)?(?:declare\s+)?(?:abstract\s+)?(class|interface|type|enum|namespace|function|const|let|var)\s+([\w$]+)/;
const LIST = /^(import|export)\s+(?:type\s+)?\{([^}]*)\}(?:\s*from\s*["']([^"']+)["'])?/;
const WHOLE = /^(import|export)\s+(?:type\s+)?(?:\*(?:\s+as\s+([\w$]+))?|([\w$]+))\s*from\s*["']([^"']+)["']/;
const VALUES = new Set(["function", "const", "let", "var"]);

/** Returns whether `code` is a whole statement: it has an end, and each of its brackets is closed. */
function isWhole(code: string): boolean {
  if (!/[;}]\s*$/.test(code)) return false;
  const brackets = codeOnly(code).match(/[[\](){}]/g) ?? [];
  return brackets.filter((bracket) => "[({".includes(bracket)).length * 2 <= brackets.length;
}

/**
 * Splits compiler output into top-level statements. Each begins at the first column. Its further lines are indented,
 * except for the members of a tuple or a union that have JSDoc.
 */
function statementsOf(text: string): { readonly doc: string; readonly code: string }[] {
  const statements: { doc: string; code: string }[] = [];
  let doc = "";
  let inDoc = false;
  for (const line of text.split("\n")) {
    const last = statements.at(-1);
    if (line.startsWith("//") || line.trim() === "") continue;
    if (!inDoc && last !== undefined && !isWhole(last.code)) last.code += `\n${line}`;
    else if (inDoc || line.startsWith("/*")) {
      doc = line.startsWith("/*") ? `${line}\n` : `${doc}${line}\n`;
      inDoc = !line.trimEnd().endsWith("*/");
    } else if (/^[\s})\]|&]/.test(line) && last !== undefined) last.code += `\n${line}`;
    else {
      statements.push({ doc, code: line });
      doc = "";
    }
  }
  return statements;
}

/** Reads the text of a `.d.ts` file that the compiler wrote. */
export function readDeclarationFile(text: string): DeclarationFile {
  const declarations = new Map<string, Declaration>();
  const imports = new Map<string, Reference>();
  const exports = new Map<string, string | Reference>();
  const stars: string[] = [];
  for (const { doc, code } of statementsOf(text)) {
    const [, exported, keyword = "", declared] = DECLARATION.exec(code) ?? [];
    const [, listKeyword, list = "", listFrom] = LIST.exec(code) ?? [];
    const [, wholeKeyword, namespace, fallback, wholeFrom = ""] = WHOLE.exec(code) ?? [];
    if (declared !== undefined) {
      const earlier = declarations.get(declared);
      const isType = !VALUES.has(keyword) || earlier?.isType === true;
      const before = earlier === undefined ? "" : `${earlier.text}\n`;
      declarations.set(declared, { text: `${before}${doc}${code}`, isType });
      if (exported !== undefined) exports.set(declared, declared);
    } else if (listKeyword !== undefined) {
      for (const item of list.split(",").map((part) => part.trim().replace(/^type\s+/, ""))) {
        const [name = "", alias = name] = item.split(/\s+as\s+/);
        if (name === "") continue;
        const reference = listFrom === undefined ? name : { specifier: listFrom, name };
        if (listKeyword === "export") exports.set(alias, reference);
        else if (typeof reference !== "string") imports.set(alias, reference);
      }
    } else if (wholeKeyword === "import") {
      imports.set(namespace ?? fallback ?? "", {
        specifier: wholeFrom,
        name: fallback === undefined ? "*" : "default",
      });
    } else if (wholeKeyword === "export" && namespace !== undefined)
      exports.set(namespace, { specifier: wholeFrom, name: "*" });
    else if (wholeKeyword === "export") stars.push(wholeFrom);
    else throw new Error(`cannot read this statement: ${code.split("\n", 1)[0]}`);
  }
  return { declarations, imports, exports, stars };
}

/** Returns the names that a declaration uses, and those of them that it uses as values. */
export function namesUsedBy(declaration: Declaration): { readonly names: Set<string>; readonly values: Set<string> } {
  const code = codeOnly(declaration.text);
  return {
    names: new Set(code.match(/[\w$]+/g)),
    values: new Set(
      [...code.matchAll(/\btypeof\s+([\w$]+)|\[([\w$]+)\](?=[?(:])/g)].map((match) => match[1] ?? match[2] ?? ""),
    ),
  };
}
