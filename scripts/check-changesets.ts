// Checks that user-visible changes after the start commit have a changeset that names the changed package.
import { filesIn, report, reportSkipped } from "./findings.ts";
import { commitsAfter, missingHistory, patchesAfter, START } from "./git-history.ts";
import { FURTHER_ENTRIES, SCOPE } from "./layout-manifest.ts";

/** Types of commits whose changes to `src/` users see. They see those that change the public surface too, whatever the type. */
const VISIBLE = /^(?:feat|fix|perf)(?:\([^)]*\))?!?:|^[a-z]+(?:\([^)]*\))?!:/;
const ADVICE =
  "Add a changeset with: pnpm exec changeset. CONTRIBUTING.md describes what to do if users see no change.";
const FILE = /^diff --git a\/(\S+) /;
// A line of the patch of a changeset that is there after the commit; "none" stands for a change that users do not see.
const RELEASE = /^[ +]["']?(@[\w./-]+)["']?:\s*["']?(?:major|minor|patch|none)\b/;
const COMMENT = /^\s*(?:\/\*|\*|\/\/|$)/;

interface Patch {
  readonly path: string;
  readonly lines: readonly string[];
}

/** Checks the commits of `root` after `start` and returns one line for each package that a visible change leaves without a changeset. */
export function checkChangesets(root: string, start: string): string[] {
  const folders = filesIn(root, "packages/*/package.json").map((path) => path.split("/")[1] ?? "");
  const patches = patchesAfter(root, start, [".changeset", "docs/api"]);
  const findings: string[] = [];
  // From the newest commit to the oldest: a changeset counts for its own commit and for those before it.
  const named = new Set<string>();
  for (const { hash, subject, paths } of commitsAfter(root, start)) {
    const own = patchesOf(patches.get(hash) ?? []);
    for (const patch of own)
      if (/^\.changeset\/.+\.md$/.test(patch.path)) namesIn(patch).forEach((name) => named.add(name));
    const changed = new Set(paths.map((path) => /^packages\/([^/]+)\/src\//.exec(path)?.[1]));
    const surfaces = new Set(own.filter(changesCode).map(({ path }) => surfaceOwner(path, folders)));
    for (const folder of folders) {
      const name = SCOPE + folder;
      const visible = changed.has(folder) && (VISIBLE.test(subject) || surfaces.has(folder));
      if (visible && !named.has(name))
        findings.push(`${hash.slice(0, 7)} "${subject}": ${name} needs a changeset in this commit or a later one`);
    }
  }
  return findings;
}

function patchesOf(lines: readonly string[]): Patch[] {
  const patches: { path: string; lines: string[] }[] = [];
  for (const line of lines) {
    const path = FILE.exec(line)?.[1];
    if (path !== undefined) patches.push({ path, lines: [] });
    else if (!/^(?:\+\+\+|---) (?:[ab]\/|\/dev\/null)/.test(line)) patches.at(-1)?.lines.push(line);
  }
  return patches;
}

/** Returns whether a patch changes more than comments and the order of lines. */
function changesCode({ lines }: Patch): boolean {
  const side = (sign: string): string =>
    lines
      .filter((line) => line.startsWith(sign) && !COMMENT.test(line.slice(1)))
      .map((line) => line.slice(1))
      .toSorted()
      .join("\n");
  return side("+") !== side("-");
}

function namesIn({ lines }: Patch): string[] {
  return lines.flatMap((line) => RELEASE.exec(line)?.[1] ?? []);
}

/** Returns the folder of the package to whose public surface a file of `docs/api/` belongs. */
function surfaceOwner(path: string, folders: readonly string[]): string | undefined {
  const name = path.replace("docs/api/", "").replace(".d.ts", "");
  return folders.find(
    (folder) => name === folder || FURTHER_ENTRIES[folder]?.some((entry) => name === `${folder}-${entry}`),
  );
}

if (import.meta.main) {
  const root = process.cwd();
  const missing = missingHistory(root, START);
  if (missing === undefined) {
    report("changesets", checkChangesets(root, START));
    if (process.exitCode === 1) console.error(ADVICE);
  } else reportSkipped("changesets", missing);
}
