// Links of Markdown files and the anchors that they lead to.
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { blocksOf } from "./example-blocks.ts";

const LINK = /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|^\s*\[[^\]]+\]:\s*<?([^\s>]+)>?|\b(?:href|src)="([^"]+)"/g;
const ELSEWHERE = /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i;

function proseOf(text: string): string[] {
  const lines = text.split("\n");
  for (const { start, end } of blocksOf(lines)) lines.fill("", start, end + 1);
  return lines;
}

/** Returns the anchors of a Markdown file: its headings as GitHub names them, and its own `id` attributes. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const line of proseOf(text)) {
    for (const id of line.matchAll(/\b(?:id|name)="([^"]+)"/g)) anchors.add(id[1] ?? "");
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const slug = heading
      .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
      .replaceAll(" ", "-");
    let name = slug;
    for (let count = 1; anchors.has(name); count += 1) name = `${slug}-${count}`;
    anchors.add(name);
  }
  return anchors;
}

/** Checks that the relative links of the Markdown file `path` lead to files under `root` and to headings in them. */
export function checkLinks(root: string, path: string): string[] {
  const findings: string[] = [];
  for (const [index, line] of proseOf(readFileSync(join(root, path), "utf8")).entries()) {
    const withoutCode = line.replaceAll(/(`+)(?:(?!\1).)+\1/g, "``");
    for (const match of withoutCode.matchAll(LINK)) {
      const link = match[1] ?? match[2] ?? match[3] ?? "";
      if (ELSEWHERE.test(link)) continue;
      const [file = "", anchor] = decodeURIComponent(link).split("#");
      const target = file === "" ? join(root, path) : join(root, dirname(path), file);
      const at = `${path}:${index + 1}: link "${link}"`;
      if (relative(root, target).startsWith("..")) findings.push(`${at} leads out of the repository`);
      else if (!existsSync(target)) findings.push(`${at}: file not found`);
      else if (anchor !== undefined && anchor !== "" && target.endsWith(".md") && statSync(target).isFile()) {
        if (!anchorsOf(readFileSync(target, "utf8")).has(anchor)) findings.push(`${at}: heading not found`);
      }
    }
  }
  return findings;
}
