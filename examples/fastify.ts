// A page for Prometheus inside a Fastify app.
import fastify from "fastify";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";

const metrics = new PrometheusPublisher({ server: false });
const app = fastify();
app.get("/metrics", (request, reply) => {
  reply.hijack(); // the publisher answers by itself
  metrics.handler(request.raw, reply.raw);
});
app.addHook("onResponse", async (request, reply) => {
  const endTime = Date.now();
  metrics.publishEventMetrics({
    eventName: `${request.method} ${request.routeOptions.url ?? "unmatched"}`,
    taskId: request.id,
    startTime: endTime - reply.elapsedTime,
    endTime,
    status: reply.statusCode < 500 ? "completed" : "failed",
  });
});
await app.listen({ port: Number(process.env["PORT"] ?? 3000) });
