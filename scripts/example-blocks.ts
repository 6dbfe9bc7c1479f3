// Code blocks of Markdown files, and the lines of the example files that they are taken from.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A fenced block of a Markdown file. */
export interface Block {
  /** Index of the line with the opening fence. */
  readonly start: number;
  /** Index of the line with the closing fence. */
  readonly end: number;
  readonly indent: string;
  readonly language: string;
  /** The source that the comment before the fence names, for example `examples/file.ts` or `examples/file.ts#region`. */
  readonly source: string | undefined;
}

const FENCE = /^(\s*)(`{3,}|~{3,})\s*([\w-]*)/;
const MARKER = /^\s*<!-- example: (\S+) -->\s*$/;
const REGION_LINE = /^\s*\/\/ #(?:end)?region\b/;

/** Returns the fenced blocks among the lines of a Markdown file. */
export function blocksOf(lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  for (let start = 0; start < lines.length; start += 1) {
    const [, indent, fence, language = ""] = FENCE.exec(lines[start] ?? "") ?? [];
    if (indent === undefined || fence === undefined) continue;
    let end = start + 1;
    while (end < lines.length && !(lines[end] ?? "").trim().startsWith(fence)) end += 1;
    let before = start - 1;
    while (before >= 0 && lines[before]?.trim() === "") before -= 1;
    blocks.push({ start, end, indent, language, source: MARKER.exec(lines[before] ?? "")?.[1] });
    start = end;
  }
  return blocks;
}

function withoutIndent(lines: readonly string[]): string[] {
  const widths = lines.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length);
  const width = widths.length === 0 ? 0 : Math.min(...widths);
  return lines.map((line) => line.slice(width));
}

function withoutBlankEnds(lines: readonly string[]): string[] {
  const first = lines.findIndex((line) => line.trim() !== "");
  const last = lines.findLastIndex((line) => line.trim() !== "");
  return first === -1 ? [] : lines.slice(first, last + 1);
}

/** Returns the lines of an example file or of one region of it, or a sentence that says why they cannot be read. */
export function exampleLines(root: string, source: string): string[] | string {
  const [file = "", region] = source.split("#");
  if (!file.startsWith("examples/")) return `"${file}" is not under examples/`;
  const path = join(root, file);
  if (!existsSync(path)) return `"${file}" does not exist`;
  const lines = readFileSync(path, "utf8").split("\n");
  if (region === undefined) return withoutBlankEnds(lines.filter((line) => !REGION_LINE.test(line)));
  const start = lines.findIndex((line) => line.trim() === `// #region ${region}`);
  if (start === -1) return `"${file}" has no region "${region}"`;
  let depth = 1;
  for (let end = start + 1; end < lines.length; end += 1) {
    if (/^\s*\/\/ #region\b/.test(lines[end] ?? "")) depth += 1;
    if (/^\s*\/\/ #endregion\b/.test(lines[end] ?? "")) depth -= 1;
    if (depth > 0) continue;
    const inside = lines.slice(start + 1, end).filter((line) => !REGION_LINE.test(line));
    return withoutBlankEnds(withoutIndent(inside));
  }
  return `region "${region}" of "${file}" has no end`;
}
