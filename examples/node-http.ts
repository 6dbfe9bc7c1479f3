// A page for Prometheus inside a server of node:http, beside everything else that it serves.
import { createServer } from "node:http";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";

const metrics = new PrometheusPublisher({ server: false });
const server = createServer((req, res) => {
  if (req.url === "/metrics") return metrics.handler(req, res);
  const startTime = Date.now();
  res.once("finish", () =>
    metrics.publishEventMetrics({ eventName: "request", taskId: crypto.randomUUID(), startTime, endTime: Date.now() }),
  );
  res.end("hello\n");
});
server.listen(Number(process.env["PORT"] ?? 3000));
