import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** What compiled code and the runtime itself take meanwhile, in bytes; one slice that is kept alive takes 2 MB. */
const NOISE = 500_000;

const PUBLISHERS = [
  "createPublisher, start pending",
  "createPublisher, handlers pending",
  "createPushPublisher",
  "mapped",
  "CompositePublisher",
  "ElasticsearchPublisher",
  "GrafanaCloudPublisher",
  "PrometheusPublisher",
  "RecordingPublisher",
];

test.concurrent.each(PUBLISHERS)(
  "%s: the heap retains what health() says, whatever the texts are parts of",
  async (name) => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--conditions=@eventmeter/source",
      "--expose-gc",
      join(import.meta.dirname, "programs", "memory.ts"),
      name,
    ]);
    const found = JSON.parse(stdout) as readonly {
      readonly kind: string;
      readonly heap: number;
      readonly bytes: number;
    }[];
    expect(found).toHaveLength(10);
    expect(found.filter(({ heap, bytes }) => heap > 1.5 * bytes + NOISE)).toEqual([]);
  },
  60_000,
);
