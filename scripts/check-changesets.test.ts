import { describe, expect, test } from "vitest";
import { checkChangesets } from "./check-changesets.ts";
import { createRepository, isGitInstalled, type Repository } from "./fixture-repository.ts";

const SURFACE = "/** Starts. */\nexport declare function start(): void;\n";

function changeset(bump: string, ...folders: readonly string[]): string {
  return `---\n${folders.map((folder) => `"@eventmeter/${folder}": ${bump}\n`).join("")}---\n\nServes gzip.\n`;
}

/** Creates a repository of two packages and returns it with its start commit. */
function createPackages(): { readonly repository: Repository; readonly start: string } & Disposable {
  const repository = createRepository();
  const start = repository.commit("start", {
    "packages/core/package.json": "{}",
    "packages/core/src/index.ts": "1\n",
    "packages/delivery/package.json": "{}",
    "packages/delivery/src/index.ts": "1\n",
    "docs/api/core.d.ts": SURFACE,
  });
  return { repository, start, [Symbol.dispose]: () => repository[Symbol.dispose]() };
}

type Step = readonly [subject: string, files: Readonly<Record<string, string | undefined>>];

const CORE = { "packages/core/src/index.ts": "2\n" };
const BOTH = { ...CORE, "packages/delivery/src/index.ts": "2\n" };
const NAMED = { ".changeset/one.md": changeset("minor", "core") };

const complete: readonly (readonly [string, readonly Step[]])[] = [
  ["a feature with its changeset", [["feat(core): serve gzip", { ...CORE, ...NAMED }]]],
  [
    "a fix whose changeset comes later",
    [
      ["fix(core): serve gzip", CORE],
      ["docs: add a changeset", NAMED],
    ],
  ],
  [
    "a fix that extends a changeset",
    [
      ["docs: add a changeset", NAMED],
      ["fix(core): serve gzip", { ...CORE, ".changeset/one.md": `${NAMED[".changeset/one.md"]}\nMore.\n` }],
    ],
  ],
  ["a refactoring", [["refactor(core): name it", CORE]]],
  ["a fix of a test", [["fix(core): wait longer", { "packages/core/test/one.test.ts": "2\n" }]]],
  [
    "a fix that users do not see",
    [["fix(core): serve gzip", { ...CORE, ".changeset/one.md": changeset("none", "core") }]],
  ],
  [
    "a comment of the public surface",
    [["docs(core): say more", { ...CORE, "docs/api/core.d.ts": SURFACE.replace("Starts", "Begins") }]],
  ],
  [
    "another form of the report of the public surface",
    [["build: show more", { "docs/api/core.d.ts": `${SURFACE}export declare const one: 1;\n` }]],
  ],
  [
    "a release",
    [
      ["feat: serve gzip", { ...BOTH, ".changeset/one.md": changeset("minor", "core", "delivery") }],
      ["chore: release", { ".changeset/one.md": undefined, "packages/core/package.json": '{ "version": "1.1.0" }' }],
    ],
  ],
];

const incomplete: readonly (readonly [string, readonly Step[], readonly string[]])[] = [
  [
    "a feature without a changeset",
    [["feat(core): serve gzip", CORE]],
    ['serve gzip": @eventmeter/core needs a changeset'],
  ],
  ["a faster function", [["perf: serve gzip", CORE]], ["core needs a changeset"]],
  ["a breaking refactoring", [["refactor(core)!: name it", CORE]], ["core needs a changeset"]],
  [
    "a change of two packages that names one",
    [["feat: serve gzip", { ...BOTH, ...NAMED }]],
    ["@eventmeter/delivery needs a changeset"],
  ],
  [
    "a fix after the changeset of another change",
    [
      ["feat(core): serve gzip", { ...CORE, ...NAMED }],
      ["fix(core): serve less", { "packages/core/src/index.ts": "3\n" }],
    ],
    ['serve less": @eventmeter/core needs a changeset'],
  ],
  [
    "a fix whose changeset was removed in it",
    [
      ["docs: add a changeset", NAMED],
      ["fix(core): serve gzip", { ...CORE, ".changeset/one.md": undefined }],
    ],
    ["core needs a changeset"],
  ],
  [
    "a refactoring of the public surface",
    [["refactor(core): name it", { ...CORE, "docs/api/core.d.ts": SURFACE.replace("start", "begin") }]],
    ["core needs a changeset"],
  ],
  [
    "a new entry point",
    [["refactor(core): move it", { ...CORE, "docs/api/core-publisher.d.ts": SURFACE }]],
    ["core needs a changeset"],
  ],
];

describe.skipIf(!isGitInstalled())("in a repository", () => {
  test.each(complete)("%s needs nothing more", (_, steps) => {
    using packages = createPackages();
    for (const [subject, files] of steps) packages.repository.commit(subject, files);
    expect(checkChangesets(packages.repository.root, packages.start)).toEqual([]);
  });

  test.each(incomplete)("%s is a finding", (_, steps, findings) => {
    using packages = createPackages();
    for (const [subject, files] of steps) packages.repository.commit(subject, files);
    expect(checkChangesets(packages.repository.root, packages.start)).toEqual(
      findings.map((finding) => expect.stringContaining(finding)),
    );
  });
});
