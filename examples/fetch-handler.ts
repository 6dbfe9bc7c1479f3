// A page for Prometheus inside a fetch-style app: Hono here, and in the same way anything that takes a Request.
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";

const metrics = new PrometheusPublisher({ server: false });
const app = new Hono();
app.get("/metrics", (context) => metrics.fetch(context.req.raw));
app.use(async (context, next) => {
  const startTime = Date.now();
  await next();
  metrics.publishEventMetrics({
    eventName: `${context.req.method} ${context.req.routePath}`,
    taskId: crypto.randomUUID(),
    startTime,
    endTime: Date.now(),
    status: context.res.status < 500 ? "completed" : "failed",
  });
});
serve({ fetch: app.fetch, port: Number(process.env["PORT"] ?? 3000) });
