import type { EventMetrics, NetworkMetrics } from "@eventmeter/core";
import { createEventFields, createNetworkFields, readEvent, readNetwork } from "@eventmeter/core/publisher";
import type { CounterPoint, FamilySnapshot, HistogramPoint, SeriesStore } from "@eventmeter/aggregation";

const eventFields = createEventFields("series");
const networkFields = createNetworkFields("series");

/** When all records of these tests begin. */
export const START = Date.UTC(2026, 10, 22);

/** Publishes an event to a store as a publisher does: 1 s long and completed unless said otherwise. */
export function addEvent(store: SeriesStore, record: Partial<EventMetrics> = {}): void {
  const whole = { eventName: "job", taskId: "t", startTime: START, endTime: START + 1_000, ...record };
  if (!readEvent(whole, eventFields)) throw new Error(eventFields.problem);
  store.addEvent(eventFields);
}

/** Publishes a network operation to a store as a publisher does. */
export function addNetwork(store: SeriesStore, record: Partial<NetworkMetrics> = {}): void {
  const whole = {
    operation: "GET",
    host: "h",
    port: 80,
    startTime: START,
    endTime: START + 1_000,
    bytesSent: 1,
    bytesReceived: 2,
    ...record,
  };
  if (!readNetwork(whole, networkFields)) throw new Error(networkFields.problem);
  store.addNetwork(networkFields);
}

/** Finds a family of a fresh snapshot. */
export function family(store: SeriesStore, name: string): FamilySnapshot {
  const found = store.snapshot().families.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no family ${name}`);
  return found;
}

/** Gives the histograms of a family of a fresh snapshot. */
export function histograms(store: SeriesStore, name = "event_duration_seconds"): HistogramPoint[] {
  const found = family(store, name);
  if (found.type !== "histogram") throw new Error(`${name} is no histogram`);
  return [...found.points];
}

/** Gives the counters of a family of a fresh snapshot. */
export function counters(store: SeriesStore, name: string): CounterPoint[] {
  const found = family(store, name);
  if (found.type !== "counter") throw new Error(`${name} is no counter`);
  return [...found.points];
}
