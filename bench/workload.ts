// Records that the benchmarks publish, and the same metrics kept by prom-client.
import type { EventMetrics, NetworkMetrics } from "@eventmeter/core";
import { Counter, Histogram, Registry } from "prom-client";

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const START = Date.UTC(2026, 10, 22);

/** An event as the benchmarks publish it. */
export type BenchEvent = EventMetrics & { startTime: number; endTime: number; status: string; retryCount: number };

/** A network operation as the benchmarks publish it. */
export type BenchNetwork = NetworkMetrics & { startTime: number; endTime: number };

/** Creates one event per label set, two statuses per name, in an order that no cache can predict. */
export function makeEvents(labelSets: number): BenchEvent[] {
  return shuffled(
    Array.from({ length: labelSets }, (_, index) => ({
      eventName: `event-name-${index >> 1}`,
      status: index % 2 === 0 ? "completed" : "failed",
      taskId: `task-${index}`,
      startTime: START,
      endTime: START + ((index * 37) % 12_000),
      retryCount: 1,
    })),
  );
}

/** Creates one network operation per label set, in an order that no cache can predict. */
export function makeOperations(labelSets: number): BenchNetwork[] {
  return shuffled(
    Array.from({ length: labelSets }, (_, index) => ({
      operation: `operation-${index}`,
      host: "example.test",
      port: 443,
      startTime: START,
      endTime: START + ((index * 37) % 12_000),
      bytesSent: index,
      bytesReceived: index * 2,
    })),
  );
}

/** Creates events for a document store, about 650 bytes each, no two alike. */
export function makeDocuments(count: number): EventMetrics[] {
  return Array.from({ length: count }, (_, index) => ({
    eventName: `event-name-${index % 50}`,
    taskId: `task-${index}`,
    startTime: START + index,
    endTime: START + index + ((index * 37) % 12_000),
    status: index % 7 === 0 ? "failed" : "completed",
    error: index % 7 === 0 ? "connection reset by peer while the answer was read" : null,
    errorType: index % 7 === 0 ? "ECONNRESET" : null,
    retryCount: index % 3,
    processId: 4_242,
    pipelineId: "pipeline-7",
    traceId: index.toString(16).padStart(32, "a"),
    spanId: index.toString(16).padStart(16, "b"),
    attributes: { tenant: `tenant-${index % 20}`, region: "eu-west-1", attempt: index % 3, customer: `c-${index}` },
  }));
}

function shuffled<Item>(items: Item[]): Item[] {
  let seed = 1;
  for (let index = items.length - 1; index > 0; index -= 1) {
    seed = (seed * 48_271) % 2_147_483_647;
    const other = seed % (index + 1);
    [items[index], items[other]] = [items[other] as Item, items[index] as Item];
  }
  return items;
}

/** The same four families kept by prom-client, as its documentation shows. */
export interface NaivePromClient {
  readonly registry: Registry;
  event(record: BenchEvent): void;
  network(record: BenchNetwork): void;
  duration(eventName: string, status: string, seconds: number): void;
}

/** Creates the families in a registry of their own. @param prefix of their names */
export function createNaivePromClient(prefix = ""): NaivePromClient {
  const registry = new Registry();
  const registers = [registry];
  const duration = new Histogram({
    name: `${prefix}event_duration_seconds`,
    help: "Duration.",
    labelNames: ["event_name", "status"],
    buckets: BOUNDS,
    registers,
  });
  const retries = new Counter({
    name: `${prefix}event_retries_total`,
    help: "Retries.",
    labelNames: ["event_name"],
    registers,
  });
  const bytes = new Counter({
    name: `${prefix}network_bytes_total`,
    help: "Bytes.",
    labelNames: ["operation", "direction"],
    registers,
  });
  const latency = new Histogram({
    name: `${prefix}network_latency_seconds`,
    help: "Latency.",
    labelNames: ["operation"],
    buckets: BOUNDS,
    registers,
  });
  return {
    registry,
    event(record) {
      duration.observe(
        { event_name: record.eventName, status: record.status },
        (record.endTime - record.startTime) / 1000,
      );
      if (record.retryCount > 0) retries.inc({ event_name: record.eventName }, record.retryCount);
    },
    network(record) {
      latency.observe({ operation: record.operation }, (record.endTime - record.startTime) / 1000);
      bytes.inc({ operation: record.operation, direction: "sent" }, record.bytesSent);
      bytes.inc({ operation: record.operation, direction: "received" }, record.bytesReceived);
    },
    duration(eventName, status, seconds) {
      duration.observe({ event_name: eventName, status }, seconds);
    },
  };
}
