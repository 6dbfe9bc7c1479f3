// A route on the edge runtime, which has no Node.js: core alone works there.
import { createPublisher, formatMetrics } from "@eventmeter/core";

export const runtime = "edge";
export const dynamic = "force-dynamic";

export async function GET() {
  const published = [];
  const publisher = createPublisher({ name: "edge", event: (data) => void published.push(data.event_name) });
  const record = { eventName: "edge", taskId: "1", startTime: Date.now() - 40, endTime: Date.now() };
  publisher.publishEventMetrics(record);
  const { status, delivered } = await publisher.close();
  return Response.json({ status, delivered, published, duration: formatMetrics(record).duration });
}
