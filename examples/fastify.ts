// A metrics page inside a Fastify app.
import { setTimeout } from "node:timers/promises";
import fastify from "fastify";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";

const metrics = new PrometheusPublisher({ server: false });
const app = fastify();
app.get("/metrics", (request, reply) => {
  reply.hijack(); // the publisher answers by itself
  metrics.handler(request.raw, reply.raw);
});
app.addHook("onRequest", async (request, reply) => {
  const startTime = Date.now();
  // Not the hook onResponse, which does not run if the client leaves before the answer is complete.
  reply.raw.once("close", () => {
    const status = reply.raw.statusCode < 500 ? "completed" : "failed";
    metrics.publishEventMetrics({
      eventName: `${request.method} ${request.routeOptions.url ?? "unmatched"}`,
      taskId: request.id,
      startTime,
      endTime: Date.now(),
      status: reply.raw.writableFinished ? status : "cancelled",
    });
  });
});
app.get("/orders/:id", async () => {
  await setTimeout(50); // the work
  return "done";
});
await app.listen({ port: Number(process.env["PORT"] ?? 3000) });
