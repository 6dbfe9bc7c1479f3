import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { createPublisher, filtered, type MetricsPublisher } from "../src/index.ts";

const job = { eventName: "job", taskId: 1, startTime: 1.7e12, endTime: 1.7e12 };

/** A publisher with one record that never settles. */
function createHung(): MetricsPublisher {
  const publisher = createPublisher(
    { name: "hung", event: () => new Promise(() => undefined) },
    { onError: ({ code }) => expect(code).toBe("record-dropped") },
  );
  publisher.publishEventMetrics(job);
  return publisher;
}

describe.each([
  ["createPublisher", createHung],
  ["filtered", () => filtered(createHung(), () => true)],
])("a flush during a close of %s", (_, create) => {
  test("keeps its own timeout", async () => {
    const publisher = create();
    const closing = publisher.close({ timeoutMs: 1_000 });
    const begun = performance.now();
    expect((await publisher.flush({ timeoutMs: 20 })).status).toBe("timeout");
    expect(performance.now() - begun).toBeLessThan(800);
    await closing;
  });

  test("keeps its own signal", async () => {
    const publisher = create();
    const closing = publisher.close({ timeoutMs: 1_000 });
    const abort = new AbortController();
    const flushed = publisher.flush({ timeoutMs: 900, signal: abort.signal });
    const begun = performance.now();
    abort.abort();
    expect((await flushed).status).toBe("aborted");
    expect(performance.now() - begun).toBeLessThan(800);
    await closing;
  });

  test("shares the report once the close has ended", async () => {
    const publisher = create();
    const closed = await publisher.close({ timeoutMs: 1 });
    expect(await publisher.flush()).toEqual(closed);
  });
});

test("10,000 flushes that end without a result leave nothing behind", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const publisher = createHung();
  const flush = async (times: number): Promise<number> => {
    for (let time = 0; time < times; time += 1) await publisher.flush({ timeoutMs: 0 });
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await flush(500);
  const after = await flush(10_000);
  expect((after - before) / 10_000).toBeLessThan(20);
});
