import { ElasticsearchPublisher, type ElasticsearchPublisherOptions } from "@eventmeter/publisher-elasticsearch";
import { onTestFinished } from "vitest";
import { createLeapingClock, type LeapingClock } from "./live-clock.ts";
import { freshName } from "./live-elasticsearch.ts";

/** Where documents go and what they call things there. */
export interface LiveTarget {
  readonly title: string;
  /** The option that leads there, for a name of one test. */
  readonly options: (name: string) => Partial<Pick<ElasticsearchPublisherOptions, "namespace" | "indexPrefix">>;
  /** Where events are found. */
  readonly event: (name: string) => string;
  /** Where network operations are found. */
  readonly network: (name: string) => string;
  readonly taskId: string;
  /** Of finished records: how long they took, and how many of its units a millisecond has. */
  readonly elapsed: { readonly event: string; readonly network: string; readonly perMs: number };
  /** When records began, and how many of its units a millisecond has. */
  readonly start: { readonly field: string; readonly perMs: number };
  readonly attributes: string;
}

/** Data streams with ECS fields. */
export const dataStreams: LiveTarget = {
  title: "data streams",
  options: (namespace) => ({ namespace }),
  event: (name) => `metrics-eventmeter.event-${name}`,
  network: (name) => `metrics-eventmeter.network-${name}`,
  taskId: "eventmeter.task_id",
  elapsed: { event: "event.duration", network: "event.duration", perMs: 1e6 },
  start: { field: "event.start", perMs: 1 },
  attributes: "labels",
};

/** Daily indices with the standard dictionary. */
export const dailyIndices: LiveTarget = {
  title: "daily indices",
  options: (indexPrefix) => ({ indexPrefix }),
  event: (name) => `${name}-event-*`,
  network: (name) => `${name}-network-*`,
  taskId: "task_id",
  elapsed: { event: "duration", network: "latency", perMs: 1e-3 },
  start: { field: "start_time", perMs: 1e-3 },
  attributes: "attributes",
};

/** A publisher of one test, and everything it said. */
export interface LivePublisher {
  readonly publisher: ElasticsearchPublisher;
  readonly clock: LeapingClock;
  /** The fresh namespace or prefix. */
  readonly name: string;
  /** Codes of what went to `onError`, oldest first. */
  readonly codes: readonly string[];
  /** Messages of what went to `onError` and `onDiagnostic`, and the reasons given to `onDrop`. */
  readonly said: readonly string[];
  /** Codes of what went to `onDiagnostic`. */
  readonly diagnostics: readonly string[];
  /** Records that were given up, as they would have been sent. */
  readonly dropped: readonly string[];
}

/** Makes a publisher for a fresh name; it is closed when the test ends. */
export function openPublisher(
  target: LiveTarget,
  options: Omit<ElasticsearchPublisherOptions, "namespace" | "indexPrefix"> & { readonly at?: string | undefined },
): LivePublisher {
  const { at = freshName(), ...rest } = options;
  const clock = createLeapingClock();
  const codes: string[] = [];
  const said: string[] = [];
  const diagnostics: string[] = [];
  const dropped: string[] = [];
  const publisher = new ElasticsearchPublisher({
    lingerMs: 10,
    ...rest,
    ...target.options(at),
    clock,
    onError({ code, message }) {
      codes.push(code);
      said.push(message);
    },
    onDiagnostic({ code, message }) {
      diagnostics.push(code);
      said.push(message);
    },
    onDrop({ reason, bytes }) {
      said.push(reason);
      dropped.push(Buffer.from(bytes).toString());
    },
  });
  onTestFinished(async () => void (await publisher.close({ timeoutMs: 1_000 })));
  return { publisher, clock, name: at, codes, said, diagnostics, dropped };
}

/** Publishes one event of noon on 22 November 2026, UTC, that took 1.5 s. */
export function publishEvent({ publisher }: LivePublisher, taskId: string | number, recordId?: string): void {
  const startTime = Date.UTC(2026, 10, 22, 12);
  publisher.publishEventMetrics({ eventName: "import", taskId, startTime, endTime: startTime + 1_500, recordId });
}

/** Publishes one network operation of the same time that took 250 ms. */
export function publishNetwork({ publisher }: LivePublisher, taskId: string | number): void {
  const startTime = Date.UTC(2026, 10, 22, 12);
  publisher.publishNetworkMetrics({
    operation: "download",
    host: "files.example",
    port: 443,
    taskId,
    startTime,
    endTime: startTime + 250,
    bytesSent: 100,
    bytesReceived: 2_000,
  });
}
