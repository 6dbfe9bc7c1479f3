// Mappings of the index templates: the type of every field of a document.
/** A field or an object of fields in a mapping. */
export interface Mapping {
  readonly [name: string]: Mapping | string | number | boolean;
}

/** Longest value of a keyword that a search finds, in characters. */
const MAX_KEYWORD_LENGTH = 1_024;

// A longer value is stored and shown, but not found. Without the limit, a value above 32,766 bytes would cost the document.
const keyword: Mapping = { type: "keyword", ignore_above: MAX_KEYWORD_LENGTH };
const text: Mapping = { type: "text" };
const date: Mapping = { type: "date" };
const long: Mapping = { type: "long" };
// Not float, which is only precise to 128 s for epoch seconds.
const double: Mapping = { type: "double" };
// Accepts `1` and `"E42"` in one field.
const flattened: Mapping = { type: "flattened", ignore_above: MAX_KEYWORD_LENGTH };
const ip: Mapping = { type: "ip", ignore_malformed: true };
const object = (properties: Mapping): Mapping => ({ properties });

const service = object({
  name: keyword,
  version: keyword,
  environment: keyword,
  node: object({ name: keyword }),
});

const ecs: Mapping = {
  "@timestamp": date,
  ecs: object({ version: keyword }),
  data_stream: object({ type: keyword, dataset: keyword, namespace: keyword }),
  event: object({
    kind: keyword,
    dataset: keyword,
    category: keyword,
    type: keyword,
    action: keyword,
    outcome: keyword,
    id: keyword,
    start: date,
    end: date,
    duration: long,
  }),
  eventmeter: object({
    schema_version: long,
    task_id: keyword,
    event_name: keyword,
    pipeline_id: keyword,
    status: keyword,
    retry_count: long,
  }),
  error: object({ message: text, type: keyword }),
  process: object({ pid: long }),
  trace: object({ id: keyword }),
  span: object({ id: keyword }),
  source: object({ bytes: long }),
  destination: object({ address: keyword, ip, port: long, bytes: long }),
  network: object({ bytes: long }),
  labels: flattened,
  // With names such as "a" and "a.b" side by side.
  numeric_labels: { type: "object", subobjects: false },
  service,
  resource: flattened,
};

const daily: Mapping = {
  "@timestamp": date,
  metric_type: keyword,
  schema_version: long,
  timestamp: date,
  event_name: keyword,
  task_id: keyword,
  status: keyword,
  start_time: double,
  end_time: double,
  duration: double,
  latency: double,
  error: text,
  error_type: keyword,
  retry_count: double,
  process_id: long,
  pipeline_id: keyword,
  operation: keyword,
  host: keyword,
  port: long,
  bytes_sent: double,
  bytes_received: double,
  trace_id: keyword,
  span_id: keyword,
  record_id: keyword,
  attributes: flattened,
  service,
  resource: flattened,
};

// For fields that something else adds, such as a pipeline: no guessed dates, no floats.
const frame = (properties: Mapping): object => ({
  date_detection: false,
  dynamic_templates: [
    { numeric_labels: { path_match: "numeric_labels.*", mapping: double } },
    { strings: { match_mapping_type: "string", mapping: keyword } },
    { fractions: { match_mapping_type: "double", mapping: double } },
  ],
  properties,
});

/** Mappings of documents with ECS fields. */
export const ecsMappings: object = frame(ecs);

/** The same for servers that cannot limit the number of fields: `numeric_labels` is stored, and not searchable. */
export const ecsMappingsWithoutNumbers: object = frame({ ...ecs, numeric_labels: { type: "object", enabled: false } });

/** Mappings of documents in daily indices, which are the standard dictionary (`formatMetrics`). */
export const dailyMappings: object = frame(daily);
