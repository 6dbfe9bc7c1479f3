// What became of the records of each backend: the report of a composite carries those of its publishers.
import { CompositePublisher } from "@eventmeter/publisher-composite";
import { ElasticsearchPublisher } from "@eventmeter/publisher-elasticsearch";
import { GrafanaCloudPublisher } from "@eventmeter/publisher-grafana-cloud";

const documents = new ElasticsearchPublisher({ hosts: ["http://127.0.0.1:9200"] });
const series = new GrafanaCloudPublisher({ endpoint: "http://127.0.0.1:4318" });
const metrics = new CompositePublisher([documents, series]);

const startTime = Date.now() - 40;
for (let taskId = 1; taskId <= 3; taskId += 1)
  metrics.publishEventMetrics({ eventName: "invoice", taskId, startTime, endTime: Date.now() });

const report = await metrics.close({ timeoutMs: 2_000 });
console.log(report.name, report.status, report.delivered, report.droppedBy);
for (const child of report.children ?? []) console.log(child.name, child.status, child.delivered, child.droppedBy);
