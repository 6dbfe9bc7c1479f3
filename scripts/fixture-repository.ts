// A git repository in a temporary folder, for tests.
import { createFixture, type Fixture } from "./fixture.ts";
import { runGit } from "./git-history.ts";

/** A temporary git repository; removed when it is disposed of. */
export interface Repository extends Fixture {
  /** Writes files, or removes those that are undefined, commits them on the current branch and returns the hash. */
  readonly commit: (subject: string, files?: Readonly<Record<string, string | undefined>>) => string;
  /** Runs git in the repository and returns its output. */
  readonly git: (...args: readonly string[]) => string;
}

const CONFIG = ["user.name=test", "user.email=test@example.test", "commit.gpgSign=false", "core.hooksPath=/dev/null"];

/** Creates a repository on branch `main`, without a commit. */
export function createRepository(): Repository {
  const fixture = createFixture({});
  const options = CONFIG.flatMap((setting) => ["-c", setting]);
  const git = (...args: readonly string[]): string => runGit(fixture.root, [...options, ...args]).trim();
  git("init", "--quiet", "--initial-branch=main");
  return {
    ...fixture,
    git,
    commit(subject, files = {}) {
      for (const [path, text] of Object.entries(files)) fixture.set(path, text);
      git("add", "--all");
      git("commit", "--quiet", "--allow-empty", "--message", subject);
      return git("rev-parse", "HEAD");
    },
  };
}

/** Returns whether tests can run git. */
export function isGitInstalled(): boolean {
  try {
    return runGit(".", ["--version"]) !== "";
  } catch {
    return false;
  }
}
