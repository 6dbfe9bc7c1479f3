// A worker that runs jobs until a signal ends it: the records of finished jobs are sent first.
import { setTimeout as delay } from "node:timers/promises";
import { closeOnExit } from "@eventmeter/core";
import { GrafanaCloudPublisher } from "@eventmeter/publisher-grafana-cloud";

const metrics = new GrafanaCloudPublisher({ endpoint: process.env["OTLP_ENDPOINT"] ?? "http://localhost:4318" });
// Shorter than the time that the supervisor gives the process between the signal and SIGKILL.
closeOnExit(metrics, { timeoutMs: 1_000 });

for (let taskId = 1; ; taskId += 1) {
  const startTime = Date.now();
  await delay(200); // the work
  metrics.publishEventMetrics({ eventName: "job", taskId, startTime, endTime: Date.now() });
  console.log(`job ${taskId} done`);
}
