// A script that calls process.exit(): the publisher is closed first.
import { closeOnExit } from "@eventmeter/core";
import { GrafanaCloudPublisher } from "@eventmeter/publisher-grafana-cloud";

const metrics = new GrafanaCloudPublisher({ endpoint: process.env["OTLP_ENDPOINT"] ?? "http://localhost:4318" });
const exit = closeOnExit(metrics);

const startTime = Date.now();
await new Promise((resolve) => setTimeout(resolve, 20)); // the work
metrics.publishEventMetrics({ eventName: "import", taskId: 1, startTime, endTime: Date.now() });

await exit.close();
process.exit(0);
