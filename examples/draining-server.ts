// A server that finishes its requests on SIGTERM: the publisher accepts records until the last one is answered.
import { createServer } from "node:http";
import { closeOnExit } from "@eventmeter/core";
import { GrafanaCloudPublisher } from "@eventmeter/publisher-grafana-cloud";

const metrics = new GrafanaCloudPublisher({ endpoint: process.env["OTLP_ENDPOINT"] ?? "http://localhost:4318" });
closeOnExit(metrics);

const server = createServer((_, res) => {
  const startTime = Date.now();
  res.once("close", () =>
    metrics.publishEventMetrics({
      eventName: "request",
      taskId: crypto.randomUUID(),
      startTime,
      endTime: Date.now(),
      status: res.writableFinished ? "completed" : "cancelled",
    }),
  );
  setTimeout(() => res.end("hello\n"), 500); // the work
});
server.listen(Number(process.env["PORT"] ?? 3000), () => console.log("listening"));
process.once("SIGTERM", () => server.close());
