// Reads the commits to which the rules for commits apply, with git.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** The rules for commits apply to every commit after this one. */
export const START = "16c4edfad25ae21b85e9827fb6b3a36cbdee6ef0";

/** A commit that is not a merge. */
export interface Commit {
  readonly hash: string;
  /** The first paragraph of the message, as one line. */
  readonly subject: string;
  /** The files that it adds, changes or removes. */
  readonly paths: readonly string[];
}

// A hook sets these. They would point git at the repository of the hook instead of `root`.
const FROM_HOOKS = new Set(["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"]);
// A byte that no message and no path contains begins each commit in the output of git.
const COMMIT_MARK = "\x01";
// Whatever the configuration of the user says, the output has one form.
const LOG = ["-c", "core.quotePath=false", "-c", "log.showSignature=false", "log", "--no-color", "--topo-order"];
const COMMITS = ["--no-merges", "--no-renames", "--no-ext-diff", "--src-prefix=a/", "--dst-prefix=b/"];

/** Runs git in `root` and returns its output. Throws an `Error` if git is not installed or fails. */
export function runGit(root: string, args: readonly string[]): string {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !FROM_HOOKS.has(name)));
  const { error, status, stdout, stderr } = spawnSync("git", args, {
    cwd: root,
    env,
    encoding: "utf8",
    maxBuffer: 1e9,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(stderr.trim().split("\n")[0]);
  return stdout;
}

/** Returns why the commits after `start` cannot be read in `root`, or undefined if they can. */
export function missingHistory(root: string, start: string): string | undefined {
  if (!existsSync(join(root, ".git"))) return "this folder is not a git repository";
  try {
    runGit(root, ["rev-parse", "HEAD"]);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? "git is not installed" : `git failed: ${message}`;
  }
  try {
    runGit(root, ["merge-base", "--is-ancestor", start, "HEAD"]);
    return undefined;
  } catch {
    return `the history from commit ${start.slice(0, 7)} to HEAD is missing`;
  }
}

function splitCommits(output: string): string[][] {
  return output
    .split(COMMIT_MARK)
    .slice(1)
    .map((commit) => commit.split("\n"));
}

/** Lists the commits after `start`, the newest first, without merges. */
export function commitsAfter(root: string, start: string): Commit[] {
  const output = runGit(root, [...LOG, ...COMMITS, "--name-only", "--format=%x01%H %s", `${start}..HEAD`]);
  return splitCommits(output).map(([head = "", ...paths]) => {
    const [hash = ""] = head.split(" ", 1);
    return { hash, subject: head.slice(hash.length + 1), paths: paths.filter((path) => path !== "") };
  });
}

/** Returns, by the hash of the commit, the lines of the patches of `paths` after `start`, with all lines around them. */
export function patchesAfter(root: string, start: string, paths: readonly string[]): Map<string, readonly string[]> {
  const output = runGit(root, [
    ...LOG,
    ...COMMITS,
    "--patch",
    "-U9999",
    "--format=%x01%H",
    `${start}..HEAD`,
    "--",
    ...paths,
  ]);
  return new Map(splitCommits(output).map(([hash = "", ...lines]) => [hash, lines]));
}
