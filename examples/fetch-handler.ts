// A metrics page inside a fetch-style app: Hono here, and in the same way anything that takes a Request.
import { setTimeout } from "node:timers/promises";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { routePath } from "hono/route";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";

const metrics = new PrometheusPublisher({ server: false });
const app = new Hono();
app.get("/metrics", (context) => metrics.fetch(context.req.raw));
app.use(async (context, next) => {
  const { signal } = context.req.raw; // aborted if the client leaves before the answer is there
  const startTime = Date.now();
  await next();
  const status = context.res.status < 500 ? "completed" : "failed";
  metrics.publishEventMetrics({
    eventName: `${context.req.method} ${routePath(context, -1)}`,
    taskId: crypto.randomUUID(),
    startTime,
    endTime: Date.now(),
    status: signal.aborted ? "cancelled" : status,
  });
});
app.get("/orders/:id", async (context) => {
  await setTimeout(50); // the work
  return context.json({ order: context.req.param("id") });
});
serve({ fetch: app.fetch, port: Number(process.env["PORT"] ?? 3000) });
