// A worker thread, which receives no signals: it ends, and closes its publisher, when the main thread asks it to.
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { closeOnExit } from "@eventmeter/core";
import { GrafanaCloudPublisher } from "@eventmeter/publisher-grafana-cloud";

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  worker.once("exit", () => console.log("the thread has ended"));
  process.once("SIGTERM", () => worker.postMessage("end"));
} else {
  const metrics = new GrafanaCloudPublisher({ endpoint: process.env["OTLP_ENDPOINT"] ?? "http://localhost:4318" });
  closeOnExit(metrics);

  let taskId = 0;
  const jobs = setInterval(() => {
    taskId += 1;
    const startTime = Date.now();
    // The work.
    metrics.publishEventMetrics({ eventName: "job", taskId, startTime, endTime: Date.now() });
    console.log(`job ${taskId} done`);
  }, 200);

  // The port and the timer hold the thread. Without them it comes to its natural end, where the publisher is closed.
  parentPort?.once("message", () => {
    clearInterval(jobs);
    parentPort?.close();
  });
}
