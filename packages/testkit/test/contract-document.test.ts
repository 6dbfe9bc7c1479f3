import { readFileSync } from "node:fs";
import { conformanceCases } from "@eventmeter/testkit";
import { expect, test } from "vitest";
import { failing, good, stalled } from "./mutants.ts";

const sections = new Map(
  readFileSync(new URL("../../../docs/contract.md", import.meta.url), "utf8")
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf("\n")), section] as const),
);

test("docs/contract.md has a section for each of the thirteen rules, in order", () => {
  expect([...sections.keys()].map((heading) => Number(/^rule (\d+): /.exec(heading)?.[1]))).toEqual(
    Array.from({ length: 13 }, (_, index) => index + 1),
  );
});

test.each(conformanceCases({ create: good, stalled, failing, secrets: ["hunter2"] }))(
  "docs/contract.md explains $name",
  ({ name }) => {
    const heading = [...sections.keys()].find((rule) => name.startsWith(`${rule}: `)) ?? "";
    expect(sections.get(heading)).toContain(`\`${name.slice(heading.length + 2)}\``);
  },
);

test.each(conformanceCases({ create: () => Promise.reject(new Error("broken")) }))(
  "the failure of $name leads to its section",
  async ({ name, run }) => {
    const heading = [...sections.keys()].find((rule) => name.startsWith(`${rule}: `)) ?? "";
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^a-z0-9 -]/g, "")
      .replaceAll(" ", "-");
    await expect(run()).rejects.toThrow(`docs/contract.md#${anchor}`);
  },
);
