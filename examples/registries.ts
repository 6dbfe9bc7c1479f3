// Together with prom-client: its metrics on our page, and ours on its page.
import { Counter, Registry } from "prom-client";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";

// #region ours
const registry = new Registry();
new Counter({ name: "jobs_total", help: "Jobs.", registers: [registry] }).inc();

// One page with the records, the metrics of the registry, and prom-client's default metrics of the process.
const page = new PrometheusPublisher({ server: false, registry, processMetrics: true });
// #endregion
console.log(await page.metrics());

// #region theirs
const theirs = new Registry();
const metrics = new PrometheusPublisher({ server: false });
metrics.registerInto(theirs); // event_duration_seconds and the others are on the pages of `theirs` now
// #endregion
metrics.publishEventMetrics({ eventName: "import", taskId: 1, startTime: Date.now() - 40, endTime: Date.now() });
console.log(await theirs.metrics());
