import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rowOf, runDemo } from "./run-demo.ts";

const elasticsearch = process.env["ELASTICSEARCH_URL"] ?? "";
const prometheus = process.env["PROMETHEUS_URL"] ?? "";
const skip = elasticsearch === "" || prometheus === "";
const note = skip ? " (set ELASTICSEARCH_URL and PROMETHEUS_URL to their addresses)" : "";
// Nothing listens on the discard port of loopback.
const DOWN = "http://127.0.0.1:9";
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "demo-live-"));
  for (const name of ["one", "two"]) {
    await mkdir(join(folder, name, "lib"), { recursive: true });
    await writeFile(join(folder, name, "package.json"), JSON.stringify({ name }));
    await writeFile(join(folder, name, "lib", "data.bin"), Buffer.alloc(5_000, name));
  }
});
afterAll(() => rm(folder, { recursive: true }));

const args = (name: string): string[] => [
  "--dir",
  folder,
  "--for",
  "3s",
  "--jobs",
  "1",
  "--port",
  "0",
  "--ndjson",
  join(folder, name),
];

describe.skipIf(skip)(`the demo with all four backends${note}`, () => {
  test("feeds a page, a file, documents and pushed series with one record each", { timeout: 60_000 }, async () => {
    const environment = { ELASTICSEARCH_URL: elasticsearch, OTEL_EXPORTER_OTLP_ENDPOINT: `${prometheus}/api/v1/otlp` };
    const { code, output, errors } = await runDemo(args("all.ndjson"), { environment });
    expect([code, errors]).toEqual([0, ""]);
    const [, received = "", , delivered] = rowOf(output, "composite");
    expect(Number(received)).toBeGreaterThan(10);
    expect(delivered).toBe(received);
    for (const name of ["prometheus", "ndjson", "elasticsearch", "otlp"])
      expect(rowOf(output, name)).toEqual([name, received, "0", received, "0", "0", "0"]);
    expect(output).toContain("\nthey add up: ");
  });

  test("with Elasticsearch down the others do not notice, and the numbers say so", { timeout: 60_000 }, async () => {
    const environment = { ELASTICSEARCH_URL: DOWN, OTEL_EXPORTER_OTLP_ENDPOINT: `${prometheus}/api/v1/otlp` };
    const { code, output, errors } = await runDemo(args("no-documents.ndjson"), { environment });
    expect([code, errors]).toEqual([0, ""]);
    expect(output).toMatch(/^elasticsearch: /m);
    const [, received = ""] = rowOf(output, "composite");
    for (const name of ["prometheus", "ndjson", "otlp"])
      expect(rowOf(output, name)).toEqual([name, received, "0", received, "0", "0", "0"]);
    expect(rowOf(output, "elasticsearch")).toEqual(["elasticsearch", received, "0", "0", received, "0", "0"]);
    expect(output).toContain(`\nelasticsearch: unconfirmed ${received}\n`);
    expect(output).toContain("\nthey add up: ");
  });

  test("with the receiver down the others do not notice, and the numbers say so", { timeout: 60_000 }, async () => {
    const environment = { ELASTICSEARCH_URL: elasticsearch, OTEL_EXPORTER_OTLP_ENDPOINT: DOWN };
    const { code, output } = await runDemo(args("no-series.ndjson"), { environment });
    expect(code).toBe(0);
    const [, received = ""] = rowOf(output, "composite");
    for (const name of ["prometheus", "ndjson", "elasticsearch"])
      expect(rowOf(output, name)).toEqual([name, received, "0", received, "0", "0", "0"]);
    expect(rowOf(output, "otlp")).toEqual(["otlp", received, "0", "0", received, "0", "0"]);
    expect(output).toContain(`\notlp: unexported ${received}\n`);
  });
});
