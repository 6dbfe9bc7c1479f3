// Checks the subject of each commit after the start commit: its form, its length, and that it names one change.
import { report, reportSkipped } from "./findings.ts";
import { type Commit, commitsAfter, missingHistory, START } from "./git-history.ts";

const MAX_LENGTH = 72;
const TYPES = "feat|fix|refactor|perf|test|docs|bench|build|ci|chore";
const FORM = new RegExp(`^(?:${TYPES})(?:\\([a-z0-9-]+\\))?!?: \\S`);
const SECOND_CHANGE = new RegExp(`;\\s*(?:${TYPES})(?:\\([^)]*\\))?!?:`);

/** Returns what is wrong with the subject of a commit. */
export function subjectProblems(subject: string): string[] {
  const problems: string[] = [];
  if (subject.length > MAX_LENGTH) problems.push(`has ${subject.length} characters, at most ${MAX_LENGTH} are allowed`);
  if (!FORM.test(subject)) {
    problems.push(
      `must have the form "type: …" or "type(scope): …", with one of the types ${TYPES.replaceAll("|", ", ")}`,
    );
  }
  if (SECOND_CHANGE.test(subject)) problems.push("names a second change, which belongs in a commit of its own");
  return problems;
}

/** Checks the subjects of `commits` and returns one line for each finding. */
export function checkCommits(commits: readonly Commit[]): string[] {
  return commits.flatMap(({ hash, subject }) =>
    subjectProblems(subject).map((problem) => `${hash.slice(0, 7)} "${subject}": ${problem}`),
  );
}

if (import.meta.main) {
  const root = process.cwd();
  const missing = missingHistory(root, START);
  if (missing === undefined) report("commits", checkCommits(commitsAfter(root, START)));
  else reportSkipped("commits", missing);
}
