import { PrometheusPublisher, type PrometheusPublisherOptions } from "@eventmeter/publisher-prometheus";
import { onTestFinished } from "vitest";

/** Makes a publisher that the end of the test closes; failures go to `errors`. */
export function openPublisher(options: PrometheusPublisherOptions = {}): {
  readonly publisher: PrometheusPublisher;
  readonly errors: Error[];
} {
  const errors: Error[] = [];
  const publisher = new PrometheusPublisher({ port: 0, onError: (error) => void errors.push(error), ...options });
  onTestFinished(async () => void (await publisher.close()));
  return { publisher, errors };
}

/** Publishes one finished event of 40 ms. */
export function publishEvent(publisher: PrometheusPublisher, eventName = "import"): void {
  const startTime = Date.UTC(2026, 0, 1);
  publisher.publishEventMetrics({ eventName, taskId: "t-1", startTime, endTime: startTime + 40, retryCount: 2 });
}

/** Publishes one finished network operation of 12 ms. */
export function publishNetwork(publisher: PrometheusPublisher): void {
  const startTime = Date.UTC(2026, 0, 1);
  publisher.publishNetworkMetrics({
    operation: "GET",
    host: "api.example",
    port: 443,
    startTime,
    endTime: startTime + 12,
    bytesSent: 312,
    bytesReceived: 18_220,
  });
}

/** Gives the port of a publisher that listens. */
export function portOf(publisher: PrometheusPublisher): number {
  return Number(new URL(publisher.url ?? "").port);
}

/** Gives the value of one line of a page; undefined without such a line. */
export function lineValue(page: string, series: string): number | undefined {
  const line = page.split("\n").find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1).split(" ")[0]);
}
