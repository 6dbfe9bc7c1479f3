// Publishes when the server starts. The condition keeps publishers out of what Next.js builds for the edge runtime.
export async function register() {
  if (process.env.NEXT_RUNTIME === "nodejs") {
    const { PrometheusPublisher } = await import("@eventmeter/publisher-prometheus");
    const metrics = new PrometheusPublisher({ server: false, processMetrics: true });
    metrics.publishEventMetrics({ eventName: "start", taskId: "1", startTime: Date.now() - 40, endTime: Date.now() });
    console.log(`INSTRUMENTED ${(await metrics.metrics()).includes('event_name="start"')}`);
  }
}
