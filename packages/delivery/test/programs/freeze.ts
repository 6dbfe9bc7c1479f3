// A program that is frozen and thawed by its parent: publishes a record every 20 ms, and writes its numbers on standard output
// when its standard input ends.
import { createPushPublisher } from "../../src/index.ts";
import { createClient } from "../wire-harness.ts";

const [, , url = "", lingerMs = "0", maxAgeMs = "1000"] = process.argv;
const { send } = createClient("http", url);
const publisher = createPushPublisher(
  { name: "freeze", encode: () => ({ data: "x" }), send },
  {
    lingerMs: Number(lingerMs),
    maxAgeMs: Number(maxAgeMs),
    sendTimeoutMs: 500,
    concurrency: 1,
    onError: () => undefined,
    onDiagnostic: () => undefined,
  },
);
const publishing = setInterval(
  () => publisher.publishEventMetrics({ eventName: "job", taskId: 1, startTime: Date.now(), endTime: Date.now() }),
  20,
);
process.stdout.write("running\n");
for await (const _ of process.stdin);
clearInterval(publishing);
await publisher.close({ timeoutMs: 10_000 });
process.stdout.write(JSON.stringify(publisher.health()));
