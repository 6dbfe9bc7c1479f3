// The first series in Grafana Cloud: the three values are those of the stack's OpenTelemetry tile.
import { GrafanaCloudPublisher } from "@eventmeter/publisher-grafana-cloud";

await using metrics = new GrafanaCloudPublisher({
  endpoint: process.env["GRAFANA_CLOUD_ENDPOINT"] ?? "",
  instanceId: process.env["GRAFANA_CLOUD_INSTANCE_ID"] ?? "",
  apiKey: process.env["GRAFANA_CLOUD_API_KEY"] ?? "",
  resource: { serviceName: "first-steps" },
  onError: (error) => console.error(error.message),
});
const { ok, message, hint } = await metrics.check(); // tries endpoint and key; nothing else has to wait for it
if (!ok) console.error(message, hint);

const startTime = Date.now();
metrics.publishEventMetrics({ eventName: "invoice", taskId: "t-1", startTime, endTime: Date.now() });
const { status, delivered } = await metrics.close();
console.log(status, delivered); // "complete", 1: it was taken
