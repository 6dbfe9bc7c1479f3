import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FormattedMetrics } from "@eventmeter/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rowOf, runDemo } from "./run-demo.ts";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "demo-"));
  for (const name of ["one", "two"]) {
    await mkdir(join(folder, name, "lib"), { recursive: true });
    await writeFile(join(folder, name, "package.json"), JSON.stringify({ name }));
    await writeFile(join(folder, name, "lib", "data.bin"), Buffer.alloc(5_000, name));
  }
});
afterAll(() => rm(folder, { recursive: true }));

/** Adds up the samples of a page that begin so. */
function sumOf(page: string, prefix: string): number {
  const samples = page.split("\n").filter((line) => line.startsWith(prefix));
  return samples.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

test(
  "publishes real work to a page and a file whose numbers agree, until it is interrupted",
  { timeout: 60_000 },
  async () => {
    const ndjson = join(folder, "records.ndjson");
    const args = ["--dir", folder, "--for", "60s", "--jobs", "2", "--port", "0", "--ndjson", ndjson];
    let page = "";
    const { code, output, errors } = await runDemo(args, {
      onPage: async (url, interrupt) => {
        // The work goes on until all three kinds of execution are on the page.
        for (let round = 0; round < 200 && !/event_name="compress",status="completed"/.test(page); round += 1)
          page = await (await fetch(url)).text();
        interrupt();
      },
    });
    expect([code, errors]).toEqual([0, ""]);
    expect(page).toContain('eventmeter_publisher_received_total{publisher="ndjson"');

    const lines = (await readFile(ndjson, "utf8")).trimEnd().split("\n");
    const records = lines.map((line) => JSON.parse(line) as FormattedMetrics);
    const ids = records.filter((record) => record.metric_type === "event").map((record) => record.task_id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const record of records) if (record.metric_type === "network") expect(record.task_id).toBeDefined();

    // Records reach both in the same order: what the page showed is what the first lines of the file say.
    const eventsOnPage = sumOf(page, "event_duration_seconds_count");
    const networksOnPage = sumOf(page, "network_latency_seconds_count");
    const seen = records.slice(0, eventsOnPage + networksOnPage);
    const events = seen.filter((record) => record.metric_type === "event");
    const networks = seen.filter((record) => record.metric_type === "network");
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    expect([eventsOnPage, networksOnPage]).toEqual([events.length, networks.length]);
    for (const name of ["scan", "hash", "compress"]) {
      const own = events.filter(({ event_name }) => event_name === name);
      expect(sumOf(page, `event_duration_seconds_count{event_name="${name}"`)).toBe(own.length);
      expect(sumOf(page, `event_retries_total{event_name="${name}"`)).toBe(sum(own.map((one) => one.retry_count)));
    }
    expect(sumOf(page, 'network_bytes_total{operation="GET",direction="sent"')).toBe(
      sum(networks.map((one) => one.bytes_sent)),
    );
    expect(sumOf(page, 'network_bytes_total{operation="GET",direction="received"')).toBe(
      sum(networks.map((one) => one.bytes_received)),
    );

    const total = String(lines.length);
    for (const name of ["composite", "prometheus", "ndjson"])
      expect(rowOf(output, name)).toEqual([name, total, "0", total, "0", "0", "0"]);
    expect(output).toContain("\nthey add up: received + recovered = ");
    for (const name of ["scan", "hash", "compress"]) {
      const counted = records.filter((record) => record.metric_type === "event" && record.event_name === name).length;
      expect(rowOf(output, name)[1]).toBe(String(counted));
    }
    const fetched = records.filter((record) => record.metric_type === "network" && record.status === "completed");
    expect(fetched.length).toBeGreaterThan(0);
    for (const record of fetched)
      if (record.metric_type === "network") expect(record.bytes_received).toBeGreaterThan(14);
  },
);

test("says a taken port in one sentence and ends with 2", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as AddressInfo;
  const { code, errors, output } = await runDemo([
    "--dir",
    folder,
    "--port",
    String(port),
    "--ndjson",
    join(folder, "unused.ndjson"),
  ]);
  taken.close();
  expect(code).toBe(2);
  expect(errors).toMatch(new RegExp(`^demo: .*port ${port} of 127.0.0.1 is taken.*\n$`));
  expect(output).toBe("");
});

test.each([
  [["--dir", "/no/such/folder"], '--dir takes a folder, and "/no/such/folder" is none that can be read'],
  [["--jobs", "0"], '--jobs takes a whole number from 1 to 64, not "0"'],
  [
    ["--port", "0", "--ndjson", "/dev/null/x"],
    "ndjson: cannot open the file: ENOTDIR: not a directory, open '/dev/null/x'",
  ],
])("says what is wrong with %s in one sentence and ends with 2", async (args, sentence) => {
  const { code, errors } = await runDemo(args);
  expect([code, errors]).toEqual([2, `demo: ${sentence}\n`]);
});

test("ends in peace when nobody reads its output any more", async () => {
  const args = ["--dir", folder, "--for", "60s", "--port", "0", "--ndjson", join(folder, "unread.ndjson")];
  const { code, errors } = await runDemo(args, { onPage: async (_, __, hangUp) => hangUp() });
  expect([code, errors]).toEqual([0, ""]);
});

test("says what Grafana Cloud needs in one sentence and ends with 2", async () => {
  const { code, errors } = await runDemo(["--dir", folder, "--port", "0", "--ndjson", join(folder, "none.ndjson")], {
    environment: { GRAFANA_CLOUD_REGION: "eu" },
  });
  expect([code, errors]).toEqual([
    2,
    "demo: Grafana Cloud needs GRAFANA_CLOUD_API_KEY, with GRAFANA_CLOUD_ENDPOINT and GRAFANA_CLOUD_INSTANCE_ID or with GRAFANA_CLOUD_ORG_SLUG and GRAFANA_CLOUD_REGION\n",
  ]);
});

test("names the publisher, the variable and the fault of every wrong setting, a line each, and no value", async () => {
  const { code, errors } = await runDemo(["--dir", folder, "--port", "0", "--ndjson", join(folder, "none.ndjson")], {
    environment: {
      ELASTICSEARCH_URL: "127.0.0.1:9209",
      OTEL_EXPORTER_OTLP_ENDPOINT: "grpc://localhost:4317",
      GRAFANA_CLOUD_API_KEY: "glsa_secret",
      GRAFANA_CLOUD_ENDPOINT: "https://otlp-gateway-prod-eu-west-0.grafana.net/otlp",
      GRAFANA_CLOUD_INSTANCE_ID: "y",
    },
  });
  expect(code).toBe(2);
  const starts = errors
    .trimEnd()
    .split("\n")
    .map((line) => line.split(": ").slice(0, 4).join(": "));
  expect(starts.toSorted()).toEqual([
    "demo: elasticsearch: ELASTICSEARCH_URL: hosts[0]",
    "demo: grafana-cloud: GRAFANA_CLOUD_API_KEY: apiKey",
    "demo: grafana-cloud: GRAFANA_CLOUD_INSTANCE_ID: instanceId",
    "demo: otlp: OTEL_EXPORTER_OTLP_ENDPOINT: endpoint",
  ]);
  expect(errors).not.toMatch(/secret|4317/);
});
