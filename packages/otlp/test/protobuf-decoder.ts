import type { FamilySnapshot, Snapshot } from "@eventmeter/aggregation";
import { metricsRoot } from "./metrics-schema.ts";

/** What an independent reader finds in a request; whole numbers of 64 bits as texts. */
export interface DecodedRequest {
  readonly resourceMetrics?: readonly DecodedResourceMetrics[];
}

interface DecodedResourceMetrics {
  readonly resource: { readonly attributes?: readonly DecodedAttribute[] };
  readonly scopeMetrics: readonly { readonly scope: object; readonly metrics: readonly DecodedMetric[] }[];
}

/** One attribute. */
export interface DecodedAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** One metric. */
export interface DecodedMetric {
  readonly name: string;
  readonly unit?: string;
  readonly sum?: { readonly dataPoints: readonly object[] };
  readonly histogram?: { readonly dataPoints: readonly object[] };
}

/** Decodes a request with protobufjs. */
export function decodeRequest(bytes: Uint8Array): DecodedRequest {
  const type = metricsRoot.lookupType("ExportMetricsServiceRequest");
  return type.toObject(type.decode(bytes), { longs: String, bytes: String });
}

/** Gives the metrics of a request. */
export function metricsIn(bytes: Uint8Array): readonly DecodedMetric[] {
  return decodeRequest(bytes).resourceMetrics?.[0]?.scopeMetrics[0]?.metrics ?? [];
}

/** Says what a reader has to find for a snapshot, written down anew. */
export function expectedMetrics({ families, startTime, time }: Snapshot): object[] {
  const times = {
    ...unlessZero("startTimeUnixNano", nanoseconds(startTime)),
    ...unlessZero("timeUnixNano", nanoseconds(time)),
  };
  return families.filter(({ size }) => size > 0).map((family) => metricOf(family, times));
}

function metricOf(family: FamilySnapshot, times: object): object {
  const { name, help, unit } = family;
  const head = {
    ...textField("name", name),
    ...textField("description", help),
    ...textField("unit", { seconds: "s", bytes: "By", "": "" }[unit]),
  };
  const indices = Array.from({ length: family.size }, (_, index) => index);
  const attributes = (index: number): object => {
    const kept = family.labelNames.map((key, at) => [key, family.labelValues(index)[at] ?? ""] as const);
    const pairs = kept.filter(([, value]) => value !== "").map(([key, value]) => attributeOf(key, value));
    return pairs.length === 0 ? {} : { attributes: pairs };
  };
  if (family.type === "counter") {
    const dataPoints = indices.map((index) => ({ ...times, ...attributes(index), asDouble: family.values[index] }));
    return { ...head, sum: { dataPoints, aggregationTemporality: 2, isMonotonic: true } };
  }
  const width = family.bounds.length + 1;
  const dataPoints = indices.map((index) => {
    const bucketCounts = [...family.buckets.subarray(index * width, (index + 1) * width)];
    const exemplars = bucketCounts.flatMap((_, bucket) => exemplarOf(family.exemplar(index, bucket)));
    return {
      ...times,
      ...attributes(index),
      ...(exemplars.length === 0 ? {} : { exemplars }),
      ...unlessZero("count", whole(bucketCounts.reduce((total, count) => total + count, 0))),
      sum: family.sums[index],
      bucketCounts: bucketCounts.map(whole),
      ...(width === 1 ? {} : { explicitBounds: [...family.bounds] }),
    };
  });
  return { ...head, histogram: { dataPoints, aggregationTemporality: 2 } };
}

function exemplarOf(exemplar: ReturnType<Extract<FamilySnapshot, { type: "histogram" }>["exemplar"]>): object[] {
  if (exemplar === undefined) return [];
  const { labels, value, time } = exemplar;
  const { trace_id: trace, ...others } = labels;
  const isTrace = trace !== undefined && /^[0-9a-f]{32}$/.test(trace);
  const kept = Object.entries(isTrace ? others : labels).map(([key, text]) => attributeOf(key, text));
  return [
    {
      ...unlessZero("timeUnixNano", nanoseconds(time)),
      asDouble: value,
      ...(isTrace ? { traceId: Buffer.from(trace, "hex").toString("base64") } : {}),
      ...(kept.length === 0 ? {} : { filteredAttributes: kept }),
    },
  ];
}

function attributeOf(key: string, value: string): object {
  return { ...textField("key", key), value: { stringValue: value.toWellFormed() } };
}

/** The reader says nothing of a field that has its default. */
function unlessZero(name: string, number: string): object {
  return number === "0" ? {} : { [name]: number };
}

/** An empty text is the default. */
export function textField(name: string, text: string): object {
  return text === "" ? {} : { [name]: text.toWellFormed() };
}

/** As fixed64 says it: at most 2^64 - 1. */
function whole(count: number): string {
  const exact = BigInt(count);
  return String(exact < 2n ** 64n ? exact : 2n ** 64n - 1n);
}

function nanoseconds(milliseconds: number): string {
  return String(BigInt(milliseconds) * 1_000_000n);
}
