// One side of row 13, in a process of its own so that neither side collects the garbage of the other:
// `otlp-side.ts ours|theirs <points>`.
import { DEFAULT_BOUNDS, SeriesStore } from "@eventmeter/aggregation";
import { createEventFields, createNetworkFields, readEvent, readNetwork } from "@eventmeter/core/publisher";
import { createMetricsEncoder } from "@eventmeter/otlp";
import { ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import { AggregationType, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { collectGarbage, longestBlock } from "./lib.ts";
import { makeEvents, makeOperations } from "./workload.ts";

/** What a side can be asked for: processor time per request, the longest block by a request, or a request in base64. */
export type Question = "milliseconds" | "block" | "request";

/** Collects when it is asked. */
class ManualReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

const [side, size] = process.argv.slice(2);
const points = Number(size);
const TURNS = 3;
// An event is one histogram and half a counter, an operation one histogram and two counters.
const events = makeEvents(points / 2);
const operations = makeOperations(points / 12);
const encode = side === "ours" ? ourEncode() : await theirEncode();

process.on("disconnect", () => process.exit());
process.on("message", (question: Question) => void answer(question).then((found) => process.send?.(found)));

async function answer(question: Question): Promise<number | string> {
  if (question === "request") return Buffer.from(await encode()).toString("base64");
  return question === "block" ? longestBlock(encode) : milliseconds();
}

function ourEncode(): () => Promise<Uint8Array> {
  const encoder = createMetricsEncoder({
    resource: { "service.name": "bench" },
    scope: { name: "@eventmeter/bench", version: "1.0.0" },
  });
  const snapshot = fillStore().snapshot();
  return () => encoder.encode(snapshot);
}

async function theirEncode(): Promise<() => Promise<Uint8Array>> {
  const { resourceMetrics } = await fillOpenTelemetry().collect();
  return async () => {
    const bytes = ProtobufMetricsSerializer.serializeRequest(resourceMetrics);
    if (bytes === undefined) throw new Error("the peer returned no bytes");
    return bytes;
  };
}

function fillStore(): SeriesStore {
  const filled = new SeriesStore({ maxLabelSets: points });
  const eventFields = createEventFields("series");
  const networkFields = createNetworkFields("series");
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const event of events) if (readEvent(event, eventFields)) filled.addEvent(eventFields);
    for (const operation of operations) if (readNetwork(operation, networkFields)) filled.addNetwork(networkFields);
  }
  return filled;
}

/** Fills the same four families in the SDK, as its documentation shows, with room for as many label sets. */
function fillOpenTelemetry(): ManualReader {
  const options = { boundaries: [...DEFAULT_BOUNDS] };
  const limits = { aggregationCardinalityLimit: points };
  const histogram = { ...limits, aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options } } as const;
  const reader = new ManualReader();
  const provider = new MeterProvider({
    readers: [reader],
    views: [
      { instrumentName: "event_duration_seconds", ...histogram },
      { instrumentName: "network_latency_seconds", ...histogram },
      { instrumentName: "*_total", ...limits },
    ],
  });
  const meter = provider.getMeter("@eventmeter/bench", "1.0.0");
  const duration = meter.createHistogram("event_duration_seconds", { unit: "s", description: "Duration." });
  const retries = meter.createCounter("event_retries_total", { unit: "{retry}", description: "Retries." });
  const bytes = meter.createCounter("network_bytes_total", { unit: "By", description: "Bytes." });
  const latency = meter.createHistogram("network_latency_seconds", { unit: "s", description: "Latency." });
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const { eventName, status, startTime, endTime, retryCount } of events) {
      duration.record((endTime - startTime) / 1000, { event_name: eventName, status });
      retries.add(retryCount, { event_name: eventName });
    }
    for (const { operation, startTime, endTime, bytesSent, bytesReceived } of operations) {
      latency.record((endTime - startTime) / 1000, { operation });
      bytes.add(bytesSent, { operation, direction: "sent" });
      bytes.add(bytesReceived, { operation, direction: "received" });
    }
  }
  return reader;
}

/**
 * Returns the processor time per request in milliseconds, not the elapsed time: our encoder lets other work run meanwhile.
 * Small requests are encoded several times, so that rounds take about equally long.
 */
async function milliseconds(): Promise<number> {
  const requests = Math.ceil(120_000 / points);
  collectGarbage();
  const began = process.cpuUsage();
  for (let request = 0; request < requests; request += 1) await encode();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1_000 / requests;
}
