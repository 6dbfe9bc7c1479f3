import { readFile, rm, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { openFakeElasticsearch } from "../packages/publisher-elasticsearch/test/fake-elasticsearch.ts";
import { freePort } from "../test/free-port.ts";
import { runExample } from "./run-example.ts";

/** Runs the example against other addresses of its two backends, in the order of their appearance. */
async function run(...addresses: readonly string[]): Promise<{ readonly output: string; readonly code: unknown }> {
  let program = await readFile(new URL("composite-report.ts", import.meta.url), "utf8");
  for (const [index, given] of ["http://127.0.0.1:9200", "http://127.0.0.1:4318"].entries()) {
    expect(program).toContain(given);
    program = program.replace(given, addresses[index] ?? "");
  }
  const copy = fileURLToPath(new URL(`.composite-report-${process.pid}.ts`, import.meta.url));
  await writeFile(copy, program);
  onTestFinished(() => rm(copy));
  return runExample(basename(copy), {});
}

test("the report of a composite shows what each of two dead backends lost", async () => {
  const dead = `http://127.0.0.1:${await freePort()}`;
  const { output, code } = await run(dead, dead);
  expect(code).toBe(0);
  expect(output.split("\n")).toEqual([
    "composite timeout 3 {}",
    "elasticsearch timeout 0 { unconfirmed: 3 }",
    "grafana-cloud timeout 0 { unexported: 3 }",
    "",
  ]);
});

test("the report of a composite shows which of its backends took the records", async () => {
  await using documents = await openFakeElasticsearch();
  const { output } = await run(documents.url, `http://127.0.0.1:${await freePort()}`);
  expect(output).toContain("elasticsearch complete 3 {}\ngrafana-cloud timeout 0 { unexported: 3 }\n");
});
