// Checks the documents: code blocks equal example files, links lead somewhere, READMEs of packages have the same headings.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { blocksOf, exampleLines } from "./example-blocks.ts";
import { filesIn, report } from "./findings.ts";
import { checkLinks } from "./markdown-links.ts";

const WITH_BLOCKS = "{README.md,CONTRIBUTING.md,packages/*/README.md,examples/**/README.md,bench/README.md,docs/*.md}";
const TYPESCRIPT = new Set(["ts", "typescript", "mts", "tsx", "js", "javascript", "mjs"]);
const HEADINGS = ["Install", "Use", "Options", "Delivery", "Naming", "Compatibility"];

/** Checks the documents under `root` and returns one line for each finding. With `write`, updates code blocks instead. */
export function checkDocs(root: string, options: { readonly write: boolean }): string[] {
  return [
    ...filesIn(root, WITH_BLOCKS).flatMap((path) => checkBlocks(root, path, options.write)),
    ...filesIn(root, "packages/*/README.md").flatMap((path) => checkHeadings(root, path)),
    ...filesIn(root, "**/*.md").flatMap((path) => checkLinks(root, path)),
  ];
}

function checkBlocks(root: string, path: string, write: boolean): string[] {
  const file = join(root, path);
  const lines = readFileSync(file, "utf8").split("\n");
  const findings: string[] = [];
  let changed = false;
  // From the last block to the first, so that a block that is written does not move the blocks that follow in the loop.
  for (const { start, end, indent, language, source } of blocksOf(lines).toReversed()) {
    const at = `${path}:${start + 1}`;
    if (source === undefined) {
      if (TYPESCRIPT.has(language)) findings.push(`${at}: code without "<!-- example: examples/… -->" before it`);
      continue;
    }
    const expected = exampleLines(root, source);
    if (typeof expected === "string") {
      findings.push(`${at}: ${expected}`);
      continue;
    }
    const wanted = expected.map((line) => (line === "" ? "" : indent + line));
    const actual = lines.slice(start + 1, end);
    if (wanted.join("\n") === actual.join("\n")) continue;
    if (write) {
      lines.splice(start + 1, end - start - 1, ...wanted);
      changed = true;
    } else {
      findings.push(`${at}: differs from ${source}; update it with: pnpm docs:write`);
    }
  }
  if (changed) writeFileSync(file, lines.join("\n"));
  return findings.toReversed();
}

function checkHeadings(root: string, path: string): string[] {
  const lines = readFileSync(join(root, path), "utf8").split("\n");
  for (const { start, end } of blocksOf(lines)) lines.fill("", start, end + 1);
  const [title = "", purpose = ""] = lines.filter((line) => line.trim() !== "");
  const findings: string[] = [];
  if (!title.startsWith("# ")) findings.push(`${path}: must begin with a "# " title`);
  if (!/^[\p{L}\p{N}*_`]/u.test(purpose))
    findings.push(`${path}: the title must be followed by the purpose in one line`);
  const headings = lines.filter((line) => line.startsWith("## ")).map((line) => line.slice(3).trim());
  const found = headings.filter((heading) => HEADINGS.includes(heading));
  if (found.join() !== HEADINGS.join()) {
    findings.push(
      `${path}: headings are ${headings.join(", ") || "missing"}, expected ${HEADINGS.join(", ")} in this order`,
    );
  }
  return findings;
}

if (import.meta.main) report("docs", checkDocs(process.cwd(), { write: process.argv.includes("--write") }));
