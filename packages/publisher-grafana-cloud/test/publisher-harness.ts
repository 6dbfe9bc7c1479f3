import type { CommonOptions, Diagnostic, PublisherError } from "@eventmeter/core";
import { GrafanaCloudPublisher, type GrafanaCloudPublisherOptions } from "@eventmeter/publisher-grafana-cloud";
import { onTestFinished } from "vitest";

/** A publisher with what it told. */
export interface Opened {
  readonly publisher: GrafanaCloudPublisher;
  readonly errors: readonly PublisherError[];
  readonly diagnostics: readonly Diagnostic[];
  /** Resolves with the error of that number, counted from 0. */
  readonly error: (index?: number) => Promise<PublisherError>;
}

/** Opens a publisher that ends with the test. */
export function open(options: GrafanaCloudPublisherOptions): Opened {
  const errors: PublisherError[] = [];
  const diagnostics: Diagnostic[] = [];
  let wake: () => void = () => undefined;
  const listeners: CommonOptions = {
    onError(error) {
      errors.push(error);
      wake();
    },
    onDiagnostic: (diagnostic) => void diagnostics.push(diagnostic),
  };
  const publisher = new GrafanaCloudPublisher({ ...options, ...listeners });
  onTestFinished(async () => void (await publisher.close({ timeoutMs: 0 })));
  return {
    publisher,
    errors,
    diagnostics,
    error: async (index = 0) => {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      while (errors.length <= index) await new Promise<void>((resolve) => (wake = resolve));
      return errors[index] as PublisherError;
    },
  };
}

/** Publishes one event that took 40 ms. */
export function publishOne(publisher: GrafanaCloudPublisher, eventName = "import"): void {
  const endTime = Date.now();
  publisher.publishEventMetrics({ eventName, taskId: "t-1", startTime: endTime - 40, endTime, retryCount: 1 });
}
