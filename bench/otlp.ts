// Row 13: what it costs to encode a push of series, and how large it is. Runs in a child: `otlp.ts <points>`.
import { gzipSync } from "node:zlib";
import { DEFAULT_BOUNDS, SeriesStore } from "@eventmeter/aggregation";
import { createEventFields, createNetworkFields, readEvent, readNetwork } from "@eventmeter/core";
import { createMetricsEncoder } from "@eventmeter/otlp";
import { ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import { AggregationType, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { metricsRoot } from "../packages/otlp/test/metrics-schema.ts";
import { collectGarbage, compare, type Finding, longestBlock, versionOf } from "./lib.ts";
import { makeEvents, makeOperations } from "./workload.ts";

/** Gives what there is when it is asked. */
class ManualReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

const points = Number(process.argv[2]);
const TURNS = 3;
// An event is one histogram and half a counter, an operation one histogram and two counters.
const events = makeEvents(points / 2);
const operations = makeOperations(points / 12);
const peer = `otlp-transformer ${versionOf("@opentelemetry/otlp-transformer")}`;

const store = fillStore();
const encoder = createMetricsEncoder({
  resource: { "service.name": "bench" },
  scope: { name: "@eventmeter/bench", version: "1.0.0" },
});
const { resourceMetrics } = await fillOpenTelemetry().collect();
const serialize = (): Uint8Array => {
  const bytes = ProtobufMetricsSerializer.serializeRequest(resourceMetrics);
  if (bytes === undefined) throw new Error("the peer gave no bytes");
  return bytes;
};

const snapshot = store.snapshot();
const own = await encoder.encode(snapshot);
const other = serialize();
assertSameSeries(own, other);

const findings: Finding[] = [];
const head = { goal: "13", peer, limit: 0.2, stretch: 0.08 };
findings.push(
  await compare(
    { ...head, what: `processor time to encode, ${points} points`, unit: "ms" },
    () => milliseconds(() => encoder.encode(snapshot)),
    () => milliseconds(serialize),
  ),
);
findings.push(
  await compare(
    { ...head, what: `longest block by it, ${points} points`, unit: "ms" },
    () => longestBlock(() => encoder.encode(snapshot)),
    () => longestBlock(async () => serialize()),
  ),
  await compare(
    { ...head, what: `bytes after gzip level 1, ${points} points`, unit: "kB", limit: 1, stretch: 0.75 },
    () => gzipSync(own, { level: 1 }).length / 1000,
    () => gzipSync(other, { level: 1 }).length / 1000,
  ),
);
process.stdout.write(JSON.stringify(findings));

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

/** The same four families kept by the SDK, as its documentation shows, with room for as many label sets. */
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

/** Processor time per request, since ours lets others run meanwhile; small ones are made several times, so that each round weighs alike. */
async function milliseconds(run: () => unknown): Promise<number> {
  const requests = Math.ceil(120_000 / points);
  collectGarbage();
  const began = process.cpuUsage();
  for (let request = 0; request < requests; request += 1) await run();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1_000 / requests;
}

/**
 * Throws unless two requests say the same of the same series, but for the minimum and maximum that the peer sends and
 * Prometheus leaves aside; sums to 9 digits, since they are added up in another unit.
 */
function assertSameSeries(ours: Uint8Array, theirs: Uint8Array): void {
  const [one, another] = [canonicalPoints(ours), canonicalPoints(theirs)];
  const at = one.findIndex((point, index) => point !== another[index]);
  if (at >= 0 || one.length !== another.length || one.length !== points)
    throw new Error(`requests differ (${one.length} and ${another.length} points): ${one[at]} is not ${another[at]}`);
}

interface DecodedPoint {
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];
  readonly asDouble?: number;
  readonly count?: string;
  readonly sum?: number;
  readonly bucketCounts?: readonly string[];
  readonly explicitBounds?: readonly number[];
}

function canonicalPoints(request: Uint8Array): string[] {
  const type = metricsRoot.lookupType("ExportMetricsServiceRequest");
  const { resourceMetrics: resources } = type.toObject(type.decode(request), { longs: String });
  const { metrics } = resources[0].scopeMetrics[0];
  return metrics
    .flatMap(({ name, unit, sum, histogram }: DecodedMetric) => {
      const { dataPoints, ...data } = (sum ?? histogram) as DecodedData;
      return dataPoints.map(({ attributes, asDouble, count, sum: total, bucketCounts, explicitBounds }) => {
        const labels = attributes.map(({ key, value }) => `${key}=${value.stringValue}`).toSorted();
        const numbers = [asDouble, count, total?.toPrecision(9), bucketCounts, explicitBounds];
        return JSON.stringify([name, unit, labels, numbers, data]);
      });
    })
    .toSorted();
}

interface DecodedData {
  readonly dataPoints: readonly DecodedPoint[];
}

interface DecodedMetric {
  readonly name: string;
  readonly unit: string;
  readonly sum?: DecodedData;
  readonly histogram?: DecodedData;
}
