import { QueueEvents, Queue, Worker } from "bullmq";
import { RecordingPublisher } from "@eventmeter/testkit";
import { expect, test } from "vitest";
import { meter } from "./bullmq.ts";

const { REDIS_URL } = process.env;

test.skipIf(REDIS_URL === undefined)(
  "publishes one finished record per job of a real queue, however often it was tried",
  async () => {
    const connection = { url: REDIS_URL ?? "" };
    const name = `jobs-${crypto.randomUUID()}`;
    await using metrics = new RecordingPublisher();
    const queue = new Queue(name, { connection });
    const events = new QueueEvents(name, { connection });
    const worker = new Worker(
      name,
      async (job) => {
        if (job.name === "flaky" && job.attemptsMade < 2) throw new Error("not yet");
        if (job.name === "broken") throw new TypeError("never");
        return "done";
      },
      { connection },
    );
    meter(worker, metrics);

    const options = { attempts: 3, backoff: { type: "fixed", delay: 1 } };
    for (const job of ["plain", "flaky", "broken"]) await queue.add(job, {}, options);
    const records = [await metrics.nextEvent(), await metrics.nextEvent(), await metrics.nextEvent()];
    await Promise.all([worker.close(), events.close()]);
    await queue.obliterate({ force: true });
    await queue.close();

    const byName = Object.fromEntries(records.map((record) => [record.event_name, record]));
    expect(byName["plain"]).toMatchObject({ status: "completed", retry_count: 0, attributes: { queue: name } });
    expect(byName["flaky"]).toMatchObject({ status: "completed", retry_count: 2 });
    expect(byName["broken"]).toMatchObject({
      status: "failed",
      retry_count: 2,
      error: "never",
      error_type: "TypeError",
    });
    expect(metrics.events).toHaveLength(3);
  },
);
