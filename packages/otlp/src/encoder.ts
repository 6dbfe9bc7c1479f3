import { runInSlices, type Snapshot } from "@eventmeter/aggregation";
import { encodeAttributes, type OtlpAttributes } from "./attributes.ts";
import { type FamilyPlan, planFamily, type Templates, writePoints } from "./family-points.ts";
import { encodeMetricHead, METRIC_TAIL } from "./metric.ts";
import { pointTimes } from "./data-point.ts";
import {
  createWire,
  DELIMITED,
  encodeTexts,
  fieldLength,
  tagOf,
  type Wire,
  writeBytes,
  writeHead,
} from "./protobuf-writer.ts";

/** Who measures, and with what. */
export interface MetricsEncoderInit {
  /** Attributes of the resource, such as `resourceAttributes` gives. */
  readonly resource: OtlpAttributes;
  /** The library that made the numbers. */
  readonly scope: { readonly name: string; readonly version?: string | undefined };
}

/** Encodes snapshots; keeps the bytes of the label sets that it has seen as long as their store lives. */
export interface MetricsEncoder {
  /**
   * Gives an ExportMetricsServiceRequest, of no bytes for a snapshot without label sets, which need not be sent. Works in
   * slices of a few milliseconds and lets others run between them.
   */
  encode(snapshot: Snapshot): Promise<Uint8Array<ArrayBuffer>>;
}

/** A family as a metric. */
interface MetricPlan extends FamilyPlan {
  /** Name, description and unit. */
  readonly head: Uint8Array;
  /** What follows the data points. */
  readonly tail: Uint8Array;
  /** Bytes of the data points and what follows them. */
  readonly dataLength: number;
  /** Bytes of the whole metric. */
  readonly length: number;
}

const REQUEST_RESOURCE_METRICS = tagOf(1, DELIMITED);
const RESOURCE = tagOf(1, DELIMITED);
const SCOPE_METRICS = tagOf(2, DELIMITED);
const SCOPE = tagOf(1, DELIMITED);
const METRIC = tagOf(2, DELIMITED);
const ATTRIBUTES = tagOf(1, DELIMITED);
const DATA = { counter: tagOf(7, DELIMITED), histogram: tagOf(9, DELIMITED) };

/** Makes an encoder of snapshots as OTLP metrics: cumulative, with the names as they are, so that each receiver stores these. */
export function createMetricsEncoder({ resource, scope }: MetricsEncoderInit): MetricsEncoder {
  const resourceBytes = encodeAttributes(ATTRIBUTES, resource);
  const scopeBytes = encodeTexts(scope.name, scope.version ?? "");
  const templates: Templates = new WeakMap();
  return {
    encode: (snapshot) => runInSlices(() => encodeSteps(snapshot, resourceBytes, scopeBytes, templates)),
  };
}

/** Encodes a snapshot, and yields after each piece of far less than a slice. */
export function* encodeSteps(
  { startTime, time, families }: Snapshot,
  resource: Uint8Array,
  scope: Uint8Array,
  templates: Templates,
): Generator<void, Uint8Array<ArrayBuffer>> {
  const plans: MetricPlan[] = [];
  // Mimir refuses a metric without data points.
  for (const family of families) if (family.size > 0) plans.push(planMetric(yield* planFamily(family, templates)));
  if (plans.length === 0) return new Uint8Array();

  const metrics = plans.reduce((total, { length }) => total + fieldLength(length), 0);
  const scopeMetrics = fieldLength(scope.length) + metrics;
  const resourceMetrics = fieldLength(resource.length) + fieldLength(scopeMetrics);
  const wire = createWire(fieldLength(resourceMetrics));
  writeHead(wire, REQUEST_RESOURCE_METRICS, resourceMetrics);
  writeField(wire, RESOURCE, resource);
  writeHead(wire, SCOPE_METRICS, scopeMetrics);
  writeField(wire, SCOPE, scope);
  const times = pointTimes(startTime, time);
  for (const plan of plans) {
    writeHead(wire, METRIC, plan.length);
    writeBytes(wire, plan.head);
    writeHead(wire, DATA[plan.family.type], plan.dataLength);
    yield* writePoints(wire, plan, times);
    writeBytes(wire, plan.tail);
  }
  return wire.bytes;
}

function planMetric(plan: FamilyPlan): MetricPlan {
  const head = encodeMetricHead(plan.family);
  const tail = METRIC_TAIL[plan.family.type];
  const dataLength = plan.pointsLength + tail.length;
  return { ...plan, head, tail, dataLength, length: head.length + fieldLength(dataLength) };
}

function writeField(wire: Wire, tag: number, bytes: Uint8Array): void {
  writeHead(wire, tag, bytes.length);
  writeBytes(wire, bytes);
}
