// Encoder of snapshots as OTLP requests.
import { runInSlices, type Snapshot } from "@eventmeter/aggregation";
import { encodeAttributes, type OtlpAttributes } from "./attributes.ts";
import { pointTimes } from "./data-point.ts";
import { planPoints, type PointCaches, type PointsPlan, writePoints } from "./family-points.ts";
import { encodeMetricHead, METRIC_TAIL } from "./metric.ts";
import {
  createMessage,
  DELIMITED,
  encodeTextFields,
  fieldLength,
  type ProtobufMessage,
  tagOf,
  writeBytes,
  writeTagAndLength,
} from "./protobuf-writer.ts";

/** What all requests of an encoder have in common. */
export interface MetricsEncoderInit {
  /** Attributes of the resource, such as those that `resourceAttributes` returns. */
  readonly resource: OtlpAttributes;
  /** The library that produced the numbers. */
  readonly scope: { readonly name: string; readonly version?: string | undefined };
}

/** Encodes snapshots. Keeps the bytes of the label sets that it has encoded as long as their store lives. */
export interface MetricsEncoder {
  /**
   * Resolves to an ExportMetricsServiceRequest, which is empty and need not be sent for a snapshot without label sets. Works
   * in slices of a few milliseconds, in turn with all other work in slices.
   */
  encode(snapshot: Snapshot): Promise<Uint8Array<ArrayBuffer>>;
}

/** A family as a metric, planned. */
interface MetricPlan extends PointsPlan {
  /** Name, description and unit. */
  readonly head: Uint8Array;
  /** Fields after the data points. */
  readonly tail: Uint8Array;
  /** Bytes of the data points and the tail. */
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

/** Creates an encoder of snapshots as OTLP metrics: cumulative, and with the names unchanged, so that each receiver stores exactly these. */
export function createMetricsEncoder({ resource, scope }: MetricsEncoderInit): MetricsEncoder {
  const resourceBytes = encodeAttributes(ATTRIBUTES, resource);
  const scopeBytes = encodeTextFields(scope.name, scope.version ?? "");
  const caches: PointCaches = new WeakMap();
  return {
    encode: (snapshot) => runInSlices(() => encodeRequest(snapshot, resourceBytes, scopeBytes, caches)),
  };
}

/** Encodes a snapshot in steps, each of which takes far less than a slice. */
export function* encodeRequest(
  { startTime, time, families }: Snapshot,
  resource: Uint8Array,
  scope: Uint8Array,
  caches: PointCaches,
): Generator<void, Uint8Array<ArrayBuffer>> {
  const plans: MetricPlan[] = [];
  // Mimir rejects a metric without data points.
  for (const family of families) if (family.size > 0) plans.push(planMetric(yield* planPoints(family, caches)));
  if (plans.length === 0) return new Uint8Array();

  const metrics = plans.reduce((total, { length }) => total + fieldLength(length), 0);
  const scopeMetrics = fieldLength(scope.length) + metrics;
  const resourceMetrics = fieldLength(resource.length) + fieldLength(scopeMetrics);
  const message = createMessage(fieldLength(resourceMetrics));
  writeTagAndLength(message, REQUEST_RESOURCE_METRICS, resourceMetrics);
  writeField(message, RESOURCE, resource);
  writeTagAndLength(message, SCOPE_METRICS, scopeMetrics);
  writeField(message, SCOPE, scope);
  const times = pointTimes(startTime, time);
  for (const plan of plans) {
    writeTagAndLength(message, METRIC, plan.length);
    writeBytes(message, plan.head);
    writeTagAndLength(message, DATA[plan.family.type], plan.dataLength);
    yield* writePoints(message, plan, times);
    writeBytes(message, plan.tail);
  }
  return message.bytes;
}

function planMetric(plan: PointsPlan): MetricPlan {
  const head = encodeMetricHead(plan.family);
  const tail = METRIC_TAIL[plan.family.type];
  const dataLength = plan.pointsLength + tail.length;
  return { ...plan, head, tail, dataLength, length: head.length + fieldLength(dataLength) };
}

function writeField(message: ProtobufMessage, tag: number, bytes: Uint8Array): void {
  writeTagAndLength(message, tag, bytes.length);
  writeBytes(message, bytes);
}
