// The first document in Elasticsearch.
import { ElasticsearchPublisher } from "@eventmeter/publisher-elasticsearch";

await using metrics = new ElasticsearchPublisher({
  hosts: [process.env["ELASTICSEARCH_URL"] ?? "http://127.0.0.1:9200"],
  onError: (error) => console.error(error.message),
});
await metrics.start(); // says what is wrong, where anything is
const startTime = Date.now();
metrics.publishEventMetrics({ eventName: "invoice", taskId: "t-1", startTime, endTime: Date.now() });
const { status, delivered } = await metrics.close();
console.log(status, delivered); // "complete", 1: it is stored
