// One record to several places: numbers for Prometheus, documents without personal data to a file, failures to another.
import { filtered, mapped } from "@eventmeter/core";
import { CompositePublisher } from "@eventmeter/publisher-composite";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";
import { ndjsonPublisher } from "./record-plugin.ts";

const page = new PrometheusPublisher({ port: 0 });
const documents = mapped(ndjsonPublisher("/dev/null"), {
  event: (record) => ({ ...record, attributes: { ...record.attributes, email: undefined } }),
});
const failures = ndjsonPublisher("/dev/null", { name: "failures" });

await using metrics = new CompositePublisher([
  page,
  { publisher: documents, network: false },
  filtered(failures, (record) => record.error != null),
]);
page.watch(metrics); // the health of all of them on the page
await metrics.start();

const startTime = Date.now() - 40;
metrics.publishEventMetrics({
  eventName: "invoice",
  taskId: "t-1",
  startTime,
  endTime: Date.now(),
  attributes: { email: "a@example.org" },
});

const report = await metrics.remove("ndjson"); // flushes it; the others go on
console.log(report.status, report.delivered, report.dropped);
console.log(metrics.health().children?.map((child) => `${child.name}: ${child.delivered} delivered`));
