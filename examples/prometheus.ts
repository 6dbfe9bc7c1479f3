// A page for Prometheus on a port of its own; the line "scrape http://…/metrics" says where.
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";

const port = Number(process.env["METRICS_PORT"] ?? 9464);
// #region page
const metrics = new PrometheusPublisher({
  port, // 9464 by default
  holdProcess: true, // the page is all that this program is for: end it with Ctrl+C
  labels: { event: ["tenant"] },
  resource: { serviceName: "shop", serviceVersion: "1.2.3" },
});
await metrics.start(); // rejects with one sentence if the port is taken

const endTime = Date.now();
metrics.publishEventMetrics({
  eventName: "import",
  taskId: "t-1",
  startTime: endTime - 40,
  endTime,
  retryCount: 2,
  attributes: { tenant: "acme" },
});
metrics.publishNetworkMetrics({
  operation: "GET",
  host: "api.example",
  port: 443,
  startTime: endTime - 12,
  endTime,
  bytesSent: 312,
  bytesReceived: 18_220,
});
// #endregion
console.log("scrape", metrics.url);
