// A metrics page inside a server of node:http, beside everything else that it serves.
import { createServer } from "node:http";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";

const metrics = new PrometheusPublisher({ server: false });
const server = createServer((req, res) => {
  if (req.url === "/metrics") return metrics.handler(req, res);
  const startTime = Date.now();
  // Not "finish", which does not come if the client leaves before the answer is complete.
  res.once("close", () =>
    metrics.publishEventMetrics({
      eventName: "request",
      taskId: crypto.randomUUID(),
      startTime,
      endTime: Date.now(),
      status: res.writableFinished ? "completed" : "cancelled",
    }),
  );
  setTimeout(() => res.end("hello\n"), 50); // the work
});
server.listen(Number(process.env["PORT"] ?? 3000));
