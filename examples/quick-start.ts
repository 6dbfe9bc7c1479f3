// A scrape page for Prometheus, from nothing to the first numbers.
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";

const metrics = new PrometheusPublisher();
await metrics.start(); // http://127.0.0.1:9464/metrics

const startTime = Date.now();
try {
  await fetch("http://127.0.0.1:9464/"); // the work that is measured
  metrics.publishEventMetrics({ eventName: "fetch", taskId: "t-1", startTime, endTime: Date.now() });
} catch (error) {
  metrics.publishEventMetrics({ eventName: "fetch", taskId: "t-1", startTime, endTime: Date.now(), error });
}

console.log(await metrics.metrics()); // what Prometheus will read
await metrics.close();
