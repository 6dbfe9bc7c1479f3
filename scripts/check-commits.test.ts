import { describe, expect, test, vi } from "vitest";
import { checkCommits, subjectProblems } from "./check-commits.ts";
import { createRepository, isGitInstalled } from "./fixture-repository.ts";
import { createFixture } from "./fixture.ts";
import { commitsAfter, missingHistory } from "./git-history.ts";

const LONGEST = `fix(core): ${"x".repeat(61)}`;

test.each([
  "feat: serve gzip when asked",
  "fix(publisher-elasticsearch): keep the order of a lane",
  "refactor(core)!: name the option after its unit",
  "docs: explain what a lane is; and when it waits",
  LONGEST,
  `fix(core): ${"é".repeat(61)}`,
])("the subject %j has no problem", (subject) => {
  expect(subjectProblems(subject)).toEqual([]);
});

test.each([
  ["of 73 characters", `${LONGEST}x`, "has 73 characters, at most 72 are allowed"],
  ["without a type", "serve gzip when asked", 'must have the form "type: …" or "type(scope): …"'],
  ["with an unknown type", "feature: serve gzip when asked", 'must have the form "type: …"'],
  ["without a space after the colon", "fix:serve gzip", 'must have the form "type: …"'],
  ["without words", "fix(core): ", 'must have the form "type: …"'],
  ["of a fixup", "fixup! fix: serve gzip", 'must have the form "type: …"'],
  ["of a second change", "fix(core): count once; fix(delivery): wait", "names a second change"],
  ["of a second change without a scope", "fix(core): count once;test: wait", "names a second change"],
])("a subject %s has a problem", (_, subject, problem) => {
  expect(subjectProblems(subject)).toEqual([expect.stringContaining(problem)]);
});

describe.skipIf(!isGitInstalled())("in a repository", () => {
  test("the commits after the start are checked, and neither the start nor merges", () => {
    using repository = createRepository();
    repository.commit("before the rules");
    const start = repository.commit("the last one before the rules");
    repository.git("switch", "--quiet", "--create", "branch");
    const wrong = repository.commit("whatever");
    repository.git("switch", "--quiet", "main");
    repository.commit("fix: serve gzip when asked");
    repository.git("merge", "--quiet", "--no-ff", "--message", "Merge branch", "branch");

    expect(missingHistory(repository.root, start)).toBeUndefined();
    expect(checkCommits(commitsAfter(repository.root, start))).toEqual([
      expect.stringMatching(`^${wrong.slice(0, 7)} "whatever": must have the form`),
    ]);
  });

  test("a subject that is broken into lines counts as one line", () => {
    using repository = createRepository();
    const start = repository.commit("start");
    repository.commit(`${LONGEST}\nand more\n\nA body of any length: ${"x".repeat(100)}`);
    expect(checkCommits(commitsAfter(repository.root, start))).toEqual([expect.stringContaining("has 81 characters")]);
  });

  test("a folder without a repository is skipped", () => {
    using folder = createFixture({ "package.json": "{}" });
    expect(missingHistory(folder.root, "0000000")).toBe("this folder is not a git repository");
  });

  test("a repository without a commit is skipped", () => {
    using repository = createRepository();
    expect(missingHistory(repository.root, "0000000")).toContain("git failed: ");
  });

  test("a shallow clone without the start commit is skipped, and one with it is not", () => {
    using repository = createRepository();
    const start = repository.commit("start");
    repository.commit("fix: one");
    repository.commit("fix: two");
    using clones = createFixture({});
    const cloned = (depth: number): string | undefined => {
      const root = `${clones.root}/${depth}`;
      repository.git("clone", "--quiet", `--depth=${depth}`, `file://${repository.root}`, root);
      return missingHistory(root, start);
    };
    expect(cloned(2)).toBe(`the history from commit ${start.slice(0, 7)} to HEAD is missing`);
    expect(cloned(3)).toBeUndefined();
  });

  test("a branch that does not contain the start commit is skipped", () => {
    using repository = createRepository();
    repository.commit("before");
    repository.git("branch", "old");
    const start = repository.commit("start");
    repository.git("switch", "--quiet", "old");
    expect(missingHistory(repository.root, start)).toContain("is missing");
  });

  test("a machine without git is skipped", () => {
    using repository = createRepository();
    const start = repository.commit("start");
    vi.stubEnv("PATH", repository.root);
    try {
      expect(missingHistory(repository.root, start)).toBe("git is not installed");
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test("the variables that git sets for a hook do not lead to another repository", () => {
    vi.stubEnv("GIT_DIR", "/nowhere");
    try {
      using repository = createRepository();
      const start = repository.commit("start");
      expect(missingHistory(repository.root, start)).toBeUndefined();
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
