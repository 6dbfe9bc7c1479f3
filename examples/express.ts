// A page for Prometheus inside an Express app, labelled by tenant; and a page of its own for a worker without a web server.
import express from "express";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";

const metrics = new PrometheusPublisher({ server: false, labels: { event: ["tenant"] } });
const app = express();
app.get("/metrics", metrics.handler);
app.use((req, res, next) => {
  const startTime = Date.now();
  res.on("finish", () => {
    metrics.publishEventMetrics({
      eventName: `${req.method} ${req.route?.path ?? "unmatched"}`,
      taskId: crypto.randomUUID(),
      startTime,
      endTime: Date.now(),
      status: res.statusCode < 500 ? "completed" : "failed",
      attributes: { tenant: req.header("x-tenant") },
    });
  });
  next();
});
app.listen(Number(process.env["PORT"] ?? 3000));

const standalone = new PrometheusPublisher({ port: Number(process.env["METRICS_PORT"] ?? 9464) });
await standalone.start(); // rejects with one sentence if the port is taken
console.log("scrape", standalone.url);
