// The lists of codes against the source of all packages: no code is missing in a list, and no list has an unused one.
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { DROP_REASONS, IGNORE_REASONS } from "../src/index.ts";
import { CHECK_CODES, DIAGNOSTIC_CODES, ERROR_CODES } from "../src/publisher.ts";

const packages = fileURLToPath(new URL("../..", import.meta.url));
const sources = globSync("*/src/**/*.ts", { cwd: packages })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => !/^core\/src\/publisher\/(error-codes|drop-reasons)\.ts$/.test(path))
  .map((path) => ({ path, text: readFileSync(new URL(path, `file://${packages}`), "utf8") }));

/** Everything with these methods is a ledger or a reporter; both have drop(), with a reason and with a code. */
const LEDGERS = new Set(["ledger"]);
const REPORTERS = new Set(["reporter", "report"]);

interface Use {
  readonly code: string;
  readonly at: string;
}

/** Lists the strings that `pattern` finds as its group `code`, with file and line. */
function usesOf(pattern: RegExp, isWanted: (groups: Readonly<Record<string, string>>) => boolean = () => true): Use[] {
  return sources.flatMap(({ path, text }) =>
    [...text.matchAll(pattern)].flatMap((match) => {
      const groups = match.groups ?? {};
      const line = text.slice(0, match.index).split("\n").length;
      return isWanted(groups) ? [{ code: groups["code"] ?? "", at: `packages/${path}:${line}` }] : [];
    }),
  );
}

const CALL = /(?<owner>\w+)\??\.(?<method>error|drop|diagnostic|ignore)\(\s*"(?<code>[^"]+)"/g;
const callsOf = (owners: ReadonlySet<string>, methods: readonly string[]): Use[] =>
  usesOf(CALL, ({ owner = "", method = "" }) => owners.has(owner) && methods.includes(method));
const PROPERTY = /\b(?:code|failure): "(?<code>[^"]+)"/g;
const THROWN = /new PublisherError\([^;]*?\bcode: "(?<code>[^"]+)"/g;

const unlisted = (uses: readonly Use[], ...lists: readonly (readonly string[])[]): readonly string[] =>
  uses.filter(({ code }) => !lists.flat().includes(code)).map(({ code, at }) => `${code}: ${at}`);

const literals = new Set(
  sources.flatMap(({ text }) => [...text.matchAll(/"([a-z]+(?:-[a-z0-9]+)*)"/g)].map(([, literal = ""]) => literal)),
);
const unused = (list: readonly string[]): readonly string[] => list.filter((code) => !literals.has(code));

test("the search knows every owner of a method that takes a code or a reason", () => {
  const known = new Set([...LEDGERS, ...REPORTERS]);
  expect(usesOf(CALL, ({ owner = "" }) => !known.has(owner))).toEqual([]);
});

test("the search finds codes of every kind in several packages", () => {
  const found = [
    callsOf(REPORTERS, ["error", "drop"]),
    callsOf(REPORTERS, ["diagnostic"]),
    callsOf(LEDGERS, ["drop"]),
    callsOf(LEDGERS, ["ignore"]),
    usesOf(PROPERTY),
    usesOf(THROWN),
  ];
  for (const uses of found) expect(new Set(uses.map(({ at }) => at.split("/")[1])).size).toBeGreaterThanOrEqual(2);
});

describe("every code that a package uses is in its list:", () => {
  test("of errors", () => {
    expect(unlisted([...callsOf(REPORTERS, ["error", "drop"]), ...usesOf(THROWN)], ERROR_CODES)).toEqual([]);
  });

  test("of diagnostics", () => {
    expect(unlisted(callsOf(REPORTERS, ["diagnostic"]), DIAGNOSTIC_CODES)).toEqual([]);
  });

  test("of checks, or of errors that are created by hand", () => {
    expect(unlisted(usesOf(PROPERTY), CHECK_CODES, ERROR_CODES)).toEqual([]);
  });

  test("of reasons to drop or ignore", () => {
    expect(unlisted(callsOf(LEDGERS, ["drop"]), DROP_REASONS)).toEqual([]);
    expect(unlisted(callsOf(LEDGERS, ["ignore"]), IGNORE_REASONS)).toEqual([]);
  });
});

test.each([
  ["errors", ERROR_CODES],
  ["diagnostics", DIAGNOSTIC_CODES],
  ["checks", CHECK_CODES],
  ["reasons to drop", DROP_REASONS],
  ["reasons to ignore", IGNORE_REASONS],
])("every code in the list of %s is used by a package, and once in the list", (_what, list: readonly string[]) => {
  expect(unused(list)).toEqual([]);
  expect(new Set(list).size).toBe(list.length);
  for (const code of list) expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
});
