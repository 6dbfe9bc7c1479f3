// A metrics page for each worker of a cluster, on a port that the worker keeps when it is replaced.
import cluster from "node:cluster";
import { availableParallelism } from "node:os";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";

if (cluster.isPrimary) {
  // Ports follow slots, not `cluster.worker.id`: a worker that takes the place of another one has an id of its own.
  const fork = (slot: number): void => {
    const worker = cluster.fork({ METRICS_PORT: String(9464 + slot) });
    worker.once("exit", () => fork(slot));
  };
  for (let slot = 0; slot < availableParallelism(); slot += 1) fork(slot);
} else {
  const metrics = new PrometheusPublisher({ port: Number(process.env["METRICS_PORT"]), holdProcess: true });
  await metrics.start();
  console.log(`process ${process.pid} at ${metrics.url}`);
}
