// A program that publishes and does not close: it tells on standard output how long the process went
// on after its code, and how much of that it waited for something.
import { writeSync } from "node:fs";
import { PublisherError } from "@eventmeter/core";
import { createPushPublisher } from "../../src/index.ts";
import { type ClientName, createClient } from "../wire-harness.ts";

const [, , url = "", client = "fetch", stop = "", startFails = "", sendTimeoutMs = "300"] = process.argv;
const { send } = createClient(client as ClientName, url);
const { promise: reached, resolve: reach } = Promise.withResolvers<void>();

const publisher = createPushPublisher(
  {
    name: "exit",
    encode: () => ({ data: "x" }),
    send(batch, context) {
      // The program ends in the middle of the request.
      if (stop === "in-flight") setTimeout(reach, 50);
      return send(batch, context);
    },
    start() {
      const init = { code: "start-failed", publisher: "exit", retryable: true };
      if (startFails === "true") throw new PublisherError("not yet", init);
    },
  },
  {
    maxBatchRecords: stop === "queued" ? 1_000 : 1,
    sendTimeoutMs: Number(sendTimeoutMs),
    // One request is in flight at the end, and none begins as another ends.
    concurrency: 1,
    onError: () => reach(),
    onDiagnostic: () => undefined,
  },
);
for (let taskId = 0; taskId < 10; taskId += 1)
  publisher.publishEventMetrics({ eventName: "job", taskId, startTime: Date.now() });
if (stop === "delivered") await publisher.flush();
else if (stop !== "queued") {
  // Code that runs holds the process, as it does in any program.
  const running = setInterval(() => undefined, 1_000);
  await reached;
  clearInterval(running);
}
const { delivered, pending } = publisher.health();

const ended = performance.now();
const before = performance.eventLoopUtilization();
process.on("exit", () => {
  const wentOnMs = performance.now() - ended;
  const { idle: waitedMs } = performance.eventLoopUtilization(before);
  writeSync(1, JSON.stringify({ wentOnMs, waitedMs, delivered, pending }));
});
