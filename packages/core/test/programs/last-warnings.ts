// A program without onError that loses records and ends; run as a process of its own by last-warnings.test.ts.
import { closeOnExit, createPublisher } from "@eventmeter/core";

const [, , end = ""] = process.argv;
const now = Date.now();
const publisher = createPublisher({ name: "example", event: () => new Promise(() => undefined), maxUnsettled: 100 });
if (end === "signal") closeOnExit(publisher, { timeoutMs: 50 });
for (let count = 0; count < 300; count += 1)
  publisher.publishEventMetrics({ eventName: "job", taskId: count, startTime: now - 10, endTime: now });
for (let count = 0; count < 301; count += 1) publisher.publishEventMetrics({} as never);
if (end === "signal") {
  setTimeout(() => undefined, 10_000);
  console.log("ready");
} else {
  await publisher.close({ timeoutMs: 50 });
  process.exit(3);
}
