// The publisher of the documentation, given many records at once.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ndjsonPublisher } from "../examples/record-plugin.ts";

test("the example of the documentation loses none of 5,000 records that a loop publishes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "eventmeter-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "records.ndjson");
  const publisher = ndjsonPublisher(path);
  for (let id = 0; id < 5_000; id += 1)
    publisher.publishEventMetrics({
      eventName: "job",
      taskId: id,
      startTime: Date.now(),
      error: "a reason that is kept",
    });
  expect(await publisher.close()).toMatchObject({ status: "complete", delivered: 5_000, dropped: 0 });
  expect(readFileSync(path, "utf8").split("\n").length - 1).toBe(5_000);
});
