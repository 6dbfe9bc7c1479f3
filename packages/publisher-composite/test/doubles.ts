import {
  createPublisher,
  type EventMetrics,
  type FlushReport,
  type MetricsPublisher,
  type NetworkMetrics,
  type PublisherError,
  type PublisherHealth,
} from "@eventmeter/core";

/** How much longer than its own timeout a child may take, in milliseconds. */
export const CHILD_GRACE_MS = 50;

/** An event that every publisher accepts. */
export function event(change: Partial<EventMetrics> = {}): EventMetrics {
  return { eventName: "job", taskId: "1", startTime: 1_767_225_600_000, endTime: 1_767_225_600_250, ...change };
}

/** A network operation that every publisher accepts. */
export function network(change: Partial<NetworkMetrics> = {}): NetworkMetrics {
  return {
    operation: "GET",
    host: "api.example",
    port: 443,
    startTime: 1_767_225_600_000,
    endTime: 1_767_225_600_012,
    bytesSent: 1,
    bytesReceived: 2,
    ...change,
  };
}

/** A publisher that follows the contract except where `change` says otherwise. */
export function publisher(
  name: string,
  change: { [Member in keyof MetricsPublisher]?: unknown } = {},
): MetricsPublisher {
  const inner = createPublisher({ name, event: nothing, network: nothing }, { onError: nothing });
  return { ...inner, ...change } as MetricsPublisher;
}

/** A health that says nothing special. */
export function healthOf(name: string, change: Partial<PublisherHealth> = {}): PublisherHealth {
  return { ...publisher(name).health(), ...change };
}

/** A report that says nothing special. */
export function reportOf(change: Partial<FlushReport> = {}): FlushReport {
  const counts = { received: 0, recovered: 0, delivered: 0, dropped: 0, ignored: 0, pending: 0 };
  return { ...counts, status: "complete", durable: 0, ...change };
}

/** Keeps what onError was given. */
export function errorLog(): { readonly errors: PublisherError[]; readonly onError: (error: PublisherError) => void } {
  const errors: PublisherError[] = [];
  return { errors, onError: (error) => void errors.push(error) };
}

/** A promise that never settles. */
export function never(): Promise<never> {
  return new Promise<never>(nothing);
}

/** Lets every promise settle that is ready to. */
export function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

export function nothing(): void {}
