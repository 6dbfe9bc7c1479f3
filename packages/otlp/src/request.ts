// An ExportMetricsServiceRequest: resource, scope and metrics around the data points.
import type { Snapshot } from "@eventmeter/aggregation";
import { pointTimes } from "./data-point.ts";
import { planPoints, type PointsPlan, writePoints } from "./family-points.ts";
import { encodeMetricHead, METRIC_TAIL } from "./metric.ts";
import type { PointCaches } from "./point-cache.ts";
import {
  createMessage,
  DELIMITED,
  fieldLength,
  type ProtobufMessage,
  tagOf,
  writeBytes,
  writeTagAndLength,
} from "./protobuf-writer.ts";

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
const DATA = { counter: tagOf(7, DELIMITED), histogram: tagOf(9, DELIMITED) };

/**
 * Encodes a snapshot in steps, each of which takes far less than a slice; returns no bytes for one without label sets.
 * @param resource content of the resource
 * @param scope content of the scope
 */
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
