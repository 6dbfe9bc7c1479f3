// Publishes one event and one network operation to every publisher at once, and returns what became of them.
import { CompositePublisher } from "@eventmeter/publisher-composite";
import { ElasticsearchPublisher } from "@eventmeter/publisher-elasticsearch";
import { GrafanaCloudPublisher } from "@eventmeter/publisher-grafana-cloud";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";

/** @param clientOptions options of the official client of Elasticsearch */
export async function publishEverywhere(clientOptions = {}) {
  const { TRIAL: trial, ELASTICSEARCH_URL: elasticsearch, OTLP_URL: otlp } = process.env;
  const problems = [];
  const onError = (error) => problems.push(error.message);
  const page = new PrometheusPublisher({ port: 0, processMetrics: true, onError });
  const documents = new ElasticsearchPublisher({ hosts: [elasticsearch], namespace: trial, clientOptions, onError });
  const series = new GrafanaCloudPublisher({ endpoint: otlp, onError });
  const metrics = new CompositePublisher([page, documents, series], { onError });
  let text = "";
  try {
    await metrics.start({ timeoutMs: 20_000 });
    const startTime = Date.now() - 40;
    const times = { startTime, endTime: Date.now() };
    metrics.publishEventMetrics({ eventName: trial, taskId: "1", ...times });
    metrics.publishNetworkMetrics({ operation: trial, taskId: "1", bytesSent: 1, bytesReceived: 2, ...times });
    text = await (await fetch(page.url)).text();
  } catch (error) {
    problems.push(String(error));
  }
  const { status } = await metrics.close({ timeoutMs: 20_000 });
  return {
    status,
    problems,
    documents: documents.health().delivered,
    series: series.health().delivered,
    page: text.includes(`event_name="${trial}"`),
    process: text.includes("\nprocess_cpu_seconds_total ") && text.includes("\nnodejs_version_info{"),
  };
}
