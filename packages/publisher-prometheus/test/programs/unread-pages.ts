// A program with 10,000 label sets: says where its page is and, when asked, the most memory that it has ever had.
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";

const LABEL_SETS = 10_000;

const messages: string[] = [];
const publisher = new PrometheusPublisher({
  port: 0,
  holdProcess: true,
  maxLabelSets: LABEL_SETS,
  onError: ({ message }) => void messages.push(message),
});
await publisher.start();
const endTime = Date.now();
for (let count = 0; count < LABEL_SETS; count += 1) {
  const startTime = endTime - (count % 5_000);
  publisher.publishEventMetrics({ eventName: `import of customer ${count}`, taskId: count, startTime, endTime });
}
process.on("message", () => {
  process.send?.({ rss: process.resourceUsage().maxRSS * 1_024, messages });
});
process.on("disconnect", () => process.exit());
process.send?.(publisher.url);
