import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { tableOf } from "./bundlers/trials.ts";
import { withTable } from "./try-bundlers.ts";

test("the page shows the tools and versions that are tried", () => {
  const page = readFileSync("docs/bundlers.md", "utf8");
  expect(withTable(page, ["| tool |"])).not.toBe(page);
  expect(page).toBe(withTable(page, tableOf(new Map())));
});
