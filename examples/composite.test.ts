import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { openFakeElasticsearch } from "../packages/publisher-elasticsearch/test/fake-elasticsearch.ts";
import { openCloud, TOKEN } from "../packages/publisher-grafana-cloud/test/fake-cloud.ts";

test("publishes to a page, two clusters and Grafana Cloud, takes one of them away, and ends with everything delivered", async () => {
  await using documents = await openFakeElasticsearch();
  await using failures = await openFakeElasticsearch();
  await using cloud = await openCloud();
  const places: readonly (readonly [string, string])[] = [
    ["{ processMetrics: true }", "{ port: 0, processMetrics: true }"],
    ["http://es.example:9200", documents.url],
    ["http://audit.example:9200", failures.url],
    ['apiKey: "glc_…"', `apiKey: "${TOKEN}", apiUrl: "${cloud.apiUrl}"`],
  ];
  let program = await readFile(new URL("composite.ts", import.meta.url), "utf8");
  for (const [given, here] of places) {
    expect(program).toContain(given);
    program = program.replace(given, here);
  }
  const copy = new URL(`.composite-${process.pid}.ts`, import.meta.url);
  await writeFile(copy, program);
  onTestFinished(() => rm(copy));

  const command = ["--conditions=@eventmeter/source", fileURLToPath(copy)];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, command, { timeout: 15_000 });
  expect(stderr).toBe("");
  expect(stdout).toMatch(
    /^complete 0 0\nok \[\s*'prometheus: 0 pending',\s*'elasticsearch: 0 pending',\s*'failures: 0 pending'\s*\]\n$/,
  );

  const stored = Object.values(documents.documents("metrics-eventmeter.network-default"));
  expect(stored).toMatchObject([{ event: { action: "GET" }, eventmeter: { task_id: "t-1" } }]);
  expect(failures.bulks).toEqual([]);
  expect(cloud.pushed).toEqual([]);
  expect(cloud.asked[0]).toContain("/orgs/acme/instances");
});
