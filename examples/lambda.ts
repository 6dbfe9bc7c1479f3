// A handler of AWS Lambda: what it published is sent before the environment is frozen.
import { ElasticsearchPublisher } from "@eventmeter/publisher-elasticsearch";

const metrics = new ElasticsearchPublisher({ hosts: [process.env["ELASTICSEARCH_URL"] ?? "http://localhost:9200"] });

export async function handler({ orderId }: { readonly orderId: string }): Promise<string> {
  const startTime = Date.now();
  try {
    await new Promise((resolve) => setTimeout(resolve, 20)); // the work
    metrics.publishEventMetrics({ eventName: "order", taskId: orderId, startTime, endTime: Date.now() });
    return "done";
  } catch (error) {
    metrics.publishEventMetrics({ eventName: "order", taskId: orderId, startTime, endTime: Date.now(), error });
    throw error;
  } finally {
    await metrics.flush({ timeoutMs: 1_000 });
  }
}
