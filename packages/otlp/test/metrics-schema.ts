import { createRequire } from "node:module";
import protobuf from "protobufjs";

// Under a test runner's conditions protobufjs is given the ES module of its Long, takes it for none, and would round.
const long: unknown = createRequire(createRequire(import.meta.url).resolve("protobufjs"))("long");
protobuf.util.Long = ((long as { readonly default?: unknown }).default ?? long) as typeof protobuf.util.Long;
protobuf.configure();

type Fields = Readonly<Record<string, readonly [id: number, type: string, rule?: "repeated" | undefined]>>;

/**
 * The messages that metrics travel in, by the field numbers of opentelemetry-proto (release 1 of metrics.proto, common.proto,
 * resource.proto and metrics_service.proto) and google/rpc/status.proto: as data, since no package has them. Compared with
 * those files once, name by name, number by number and type by type. Exponential histograms and summaries are left out.
 */
const MESSAGES: Readonly<Record<string, Fields>> = {
  ExportMetricsServiceRequest: { resourceMetrics: [1, "ResourceMetrics", "repeated"] },
  ExportMetricsServiceResponse: { partialSuccess: [1, "ExportMetricsPartialSuccess"] },
  ExportMetricsPartialSuccess: { rejectedDataPoints: [1, "int64"], errorMessage: [2, "string"] },
  ResourceMetrics: {
    resource: [1, "Resource"],
    scopeMetrics: [2, "ScopeMetrics", "repeated"],
    schemaUrl: [3, "string"],
  },
  Resource: { attributes: [1, "KeyValue", "repeated"], droppedAttributesCount: [2, "uint32"] },
  ScopeMetrics: {
    scope: [1, "InstrumentationScope"],
    metrics: [2, "Metric", "repeated"],
    schemaUrl: [3, "string"],
  },
  InstrumentationScope: {
    name: [1, "string"],
    version: [2, "string"],
    attributes: [3, "KeyValue", "repeated"],
    droppedAttributesCount: [4, "uint32"],
  },
  Metric: {
    name: [1, "string"],
    description: [2, "string"],
    unit: [3, "string"],
    gauge: [5, "Gauge"],
    sum: [7, "Sum"],
    histogram: [9, "Histogram"],
    metadata: [12, "KeyValue", "repeated"],
  },
  Gauge: { dataPoints: [1, "NumberDataPoint", "repeated"] },
  Sum: {
    dataPoints: [1, "NumberDataPoint", "repeated"],
    aggregationTemporality: [2, "AggregationTemporality"],
    isMonotonic: [3, "bool"],
  },
  Histogram: {
    dataPoints: [1, "HistogramDataPoint", "repeated"],
    aggregationTemporality: [2, "AggregationTemporality"],
  },
  NumberDataPoint: {
    startTimeUnixNano: [2, "fixed64"],
    timeUnixNano: [3, "fixed64"],
    asDouble: [4, "double"],
    exemplars: [5, "Exemplar", "repeated"],
    asInt: [6, "sfixed64"],
    attributes: [7, "KeyValue", "repeated"],
    flags: [8, "uint32"],
  },
  HistogramDataPoint: {
    startTimeUnixNano: [2, "fixed64"],
    timeUnixNano: [3, "fixed64"],
    count: [4, "fixed64"],
    sum: [5, "double"],
    bucketCounts: [6, "fixed64", "repeated"],
    explicitBounds: [7, "double", "repeated"],
    exemplars: [8, "Exemplar", "repeated"],
    attributes: [9, "KeyValue", "repeated"],
    flags: [10, "uint32"],
    min: [11, "double"],
    max: [12, "double"],
  },
  Exemplar: {
    timeUnixNano: [2, "fixed64"],
    asDouble: [3, "double"],
    spanId: [4, "bytes"],
    traceId: [5, "bytes"],
    asInt: [6, "sfixed64"],
    filteredAttributes: [7, "KeyValue", "repeated"],
  },
  KeyValue: { key: [1, "string"], value: [2, "AnyValue"] },
  AnyValue: {
    stringValue: [1, "string"],
    boolValue: [2, "bool"],
    intValue: [3, "int64"],
    doubleValue: [4, "double"],
    arrayValue: [5, "ArrayValue"],
    kvlistValue: [6, "KeyValueList"],
    bytesValue: [7, "bytes"],
  },
  ArrayValue: { values: [1, "AnyValue", "repeated"] },
  KeyValueList: { values: [1, "KeyValue", "repeated"] },
};

/** A field of its own here is one that says whether it is there, `optional` in the files. */
const ONEOFS: Readonly<Record<string, Readonly<Record<string, { readonly oneof: string[] }>>>> = {
  Metric: { data: { oneof: ["gauge", "sum", "histogram"] } },
  NumberDataPoint: { value: { oneof: ["asDouble", "asInt"] } },
  HistogramDataPoint: { _sum: { oneof: ["sum"] }, _min: { oneof: ["min"] }, _max: { oneof: ["max"] } },
  Exemplar: { value: { oneof: ["asDouble", "asInt"] } },
  AnyValue: {
    value: {
      oneof: ["stringValue", "boolValue", "intValue", "doubleValue", "arrayValue", "kvlistValue", "bytesValue"],
    },
  },
};

/** The schema as protobufjs reads it. */
export const metricsRoot: protobuf.Root = protobuf.Root.fromJSON({
  options: { syntax: "proto3" },
  nested: {
    AggregationTemporality: {
      values: {
        AGGREGATION_TEMPORALITY_UNSPECIFIED: 0,
        AGGREGATION_TEMPORALITY_DELTA: 1,
        AGGREGATION_TEMPORALITY_CUMULATIVE: 2,
      },
    },
    ...Object.fromEntries(Object.entries(MESSAGES).map(([name, fields]) => [name, messageOf(name, fields)])),
  },
});

function messageOf(name: string, fields: Fields): protobuf.IType {
  const described = Object.entries(fields).map(([field, [id, type, rule]]) => [
    field,
    rule === undefined ? { id, type } : { id, type, rule },
  ]);
  return { fields: Object.fromEntries(described), oneofs: ONEOFS[name] ?? {} };
}
