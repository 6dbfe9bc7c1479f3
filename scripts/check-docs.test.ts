import { expect, test } from "vitest";
import { checkDocs } from "./check-docs.ts";
import { createFixture, type Fixture } from "./fixture.ts";
import { anchorsOf } from "./markdown-links.ts";

const HEADINGS = ["Install", "Use", "Options", "Delivery", "Naming", "Compatibility"];

function readme(headings: readonly string[], purpose = "Does one thing."): string {
  return `# @eventmeter/one\n\n${purpose}\n\n${headings.map((heading) => `## ${heading}\n\nWords.\n`).join("\n")}`;
}

function fence(source: string, code: string, indent = ""): string {
  const lines = [`<!-- example: ${source} -->`, "", "```ts", ...code.split("\n"), "```", ""];
  return lines.map((line) => (line === "" ? "" : indent + line)).join("\n");
}

function createDocuments(): Fixture {
  return createFixture({
    "README.md": `# eventmeter\n\n[guide](docs/guide.md#second-part) and [Use](#use)\n\n## Use\n\n${fence("examples/start.ts", "const one = 1;")}`,
    "docs/guide.md": `# Guide\n\n## Second part\n\n${fence("examples/start.ts#two", "if (one) {\n  two();\n}")}`,
    "packages/one/README.md": `${readme(HEADINGS)}\n[home](../../README.md)\n`,
    "examples/start.ts": "const one = 1;\n",
  });
}

function withRegion(documents: Fixture): void {
  const region =
    "  // #region two\n  if (one) {\n    // #region inner\n    two();\n    // #endregion\n  }\n  // #endregion\n";
  documents.set("examples/region.ts", `function run() {\n${region}}\n`);
  documents.set("docs/guide.md", documents.get("docs/guide.md").replace("start.ts#two", "region.ts#two"));
}

function findingsOf(documents: Fixture): string[] {
  return checkDocs(documents.root, { write: false });
}

test("documents that equal their examples have no findings", () => {
  using documents = createDocuments();
  withRegion(documents);
  expect(findingsOf(documents)).toEqual([]);
});

const brokenBlocks: readonly (readonly [string, string, string])[] = [
  ["code without an example", "```ts\nconst one = 1;\n```\n", "docs/more.md:3: code without"],
  ["JavaScript without an example", "~~~js\nconst one = 1;\n~~~\n", "docs/more.md:3: code without"],
  ["code that differs", fence("examples/start.ts", "const one = 2;"), "docs/more.md:5: differs from examples/start.ts"],
  ["code that is shorter", fence("examples/start.ts", ""), "differs from examples/start.ts"],
  ["a missing file", fence("examples/nothing.ts", "1"), '"examples/nothing.ts" does not exist'],
  ["a missing region", fence("examples/start.ts#three", "1"), 'has no region "three"'],
  ["a region without an end", fence("examples/open.ts#open", "1"), 'region "open" of "examples/open.ts" has no end'],
  ["a file outside of examples", fence("packages/one/src/index.ts", "1"), "is not under examples/"],
  ["a link to a missing file", "[there](nothing.md)\n", 'docs/more.md:3: link "nothing.md": file not found'],
  ["a link to a missing heading", "[there](../README.md#nothing)\n", "heading not found"],
  ["a link to a missing heading of its own", "[there](#nothing)\n", "heading not found"],
  ["a reference to a missing file", "[there]: ./nothing.md\n", "file not found"],
  ["a missing image", "![page](page.png)\n", "file not found"],
  ["a link out of the repository", "[there](../../../etc/hosts)\n", "leads out of the repository"],
];

test.each(brokenBlocks)("%s is a finding", (_, text, finding) => {
  using documents = createDocuments();
  withRegion(documents);
  documents.set("examples/open.ts", "// #region open\n1\n");
  documents.set("docs/more.md", `# More\n\n${text}`);
  expect(findingsOf(documents)).toEqual([expect.stringContaining(finding)]);
});

const brokenReadmes: readonly (readonly [string, string, string])[] = [
  [
    "a missing heading",
    readme(HEADINGS.filter((heading) => heading !== "Naming")),
    "headings are Install, Use, Options, D",
  ],
  ["another order", readme(HEADINGS.toReversed()), "headings are Compatibility"],
  ["a title without a purpose", readme(HEADINGS, ""), "followed by the purpose"],
  ["a text without a title", readme(HEADINGS).slice(2), 'must begin with a "# " title'],
  ["a heading inside a code block", readme(HEADINGS).replace("## Naming", "```sh\n## Naming\n```"), "headings are"],
];

test.each(brokenReadmes)("a package README with %s is a finding", (_, text, finding) => {
  using documents = createDocuments();
  withRegion(documents);
  documents.set("packages/one/README.md", text);
  expect(findingsOf(documents)).toEqual([expect.stringContaining(finding)]);
});

test("other documents, links to other sites and links in code are ignored", () => {
  using documents = createDocuments();
  withRegion(documents);
  documents.set(
    "docs/decisions/one.md",
    "# One\n\n```ts\nconst sketch = 1;\n```\n\n[web](https://a.example/x) `[code](x.md)`\n",
  );
  documents.set(
    "docs/more.md",
    "# More\n\n```text\n[page](nothing.md)\n```\n\n[examples](../examples) [mail](mailto:a@b.example)\n",
  );
  expect(findingsOf(documents)).toEqual([]);
});

test("writing updates every block from its file and keeps the text around it", () => {
  using documents = createDocuments();
  withRegion(documents);
  const before = `# More\n\n${fence("examples/start.ts", "old\nold")}\n1. Item\n\n${fence("examples/region.ts#two", "old", "   ")}\nEnd.\n`;
  documents.set("docs/more.md", before);
  expect(checkDocs(documents.root, { write: true })).toEqual([]);
  const region = fence("examples/region.ts#two", "if (one) {\n  two();\n}", "   ");
  const after = `# More\n\n${fence("examples/start.ts", "const one = 1;")}\n1. Item\n\n${region}\nEnd.\n`;
  expect(documents.get("docs/more.md")).toBe(after);
  expect(findingsOf(documents)).toEqual([]);
});

test("headings are named as a reader of the repository finds them", () => {
  const text = "# `formatMetrics()` & more\n\n## Use\n\n## Use\n\n## [Naming](x.md), units\n\n## snake_case_name\n";
  expect([...anchorsOf(text)]).toEqual(["formatmetrics--more", "use", "use-1", "naming-units", "snake_case_name"]);
});
