// One record per execution and per network operation, and where each of them went.
import { createPublisher, formatMetrics } from "@eventmeter/core";

await using metrics = createPublisher({
  name: "console",
  event: (data) => console.log(data.event_name, data.status, data.duration),
  network: (data) => console.log(data.operation, data.latency, data.bytes_received),
});

const startTime = Date.now() - 40;
metrics.publishNetworkMetrics({
  operation: "GET",
  host: "api.example",
  port: 443,
  startTime,
  endTime: startTime + 12,
  bytesSent: 312,
  bytesReceived: 18_220,
  taskId: "t-1",
});
metrics.publishEventMetrics({ eventName: "invoice", taskId: "t-1", startTime, endTime: startTime + 40, retryCount: 1 });

console.log(formatMetrics({ eventName: "invoice", taskId: "t-1", startTime, error: new TypeError("no input") }));
console.log(metrics.health());
