// An Express app that compresses a page of some fifty chunks, until its parent ends it.
import type { AddressInfo } from "node:net";
import compression from "compression";
import express from "express";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";

const publisher = new PrometheusPublisher({ server: false });
const endTime = Date.now();
for (let count = 0; count < 2_000; count += 1)
  publisher.publishEventMetrics({ eventName: `import ${count}`, taskId: count, startTime: endTime - 40, endTime });
const app = express();
app.use(compression());
app.get("/metrics", publisher.handler);
const warnings: string[] = [];
process.on("warning", ({ name }) => void warnings.push(name));
app.get("/warnings", (_req, res) => void res.json(warnings));
const server = app.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.on("disconnect", () => process.exit());
