// Publishers beside AsyncLocalStorage: nothing that they do in the background belongs to the request that began it.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const PROGRAM = fileURLToPath(new URL("programs/detached.ts", import.meta.url));

interface Outcome {
  readonly seen: Readonly<Record<string, string>>;
  readonly collected: boolean;
  readonly isDelivering: boolean;
}

async function run(name: string, count: number): Promise<Outcome> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--conditions=@eventmeter/source", "--expose-gc", PROGRAM, name, String(count)],
    { timeout: 15_000 },
  );
  return JSON.parse(stdout) as Outcome;
}

test.concurrent.each<readonly [name: string, seen: readonly string[], count: number]>([
  ["createPublisher", ["start", "flush", "check", "handler"], 1],
  ["createPushPublisher", ["start", "check", "send"], 5],
  ["createPushPublisher with a full queue", ["start", "check", "send"], 100],
  ["createSeriesPublisher", ["start", "check", "snapshot", "encode", "send"], 1],
  ["PrometheusPublisher", ["registry", "password"], 1],
  ["ElasticsearchPublisher", [], 1],
  ["GrafanaCloudPublisher", [], 1],
  ["CompositePublisher", ["start", "check", "snapshot", "encode", "send"], 1],
])("%s works outside of the request that uses it first, and keeps none of its stores", async (name, where, count) => {
  const { seen, collected, isDelivering } = await run(name, count);
  expect(seen).toEqual(Object.fromEntries(where.map((place) => [place, "no store"])));
  expect(collected).toBe(true);
  expect(isDelivering).toBe(true);
});
