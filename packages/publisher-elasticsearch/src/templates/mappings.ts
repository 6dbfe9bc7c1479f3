/** A field, or an object of fields, as a mapping has them. */
export interface Mapping {
  readonly [name: string]: Mapping | string | number | boolean;
}

/** Longest value of a keyword that is found by it, in characters. */
const MAX_KEYWORD_LENGTH = 1_024;

// A longer value is stored and shown, but not found; unlimited, one above 32,766 bytes would cost the document.
const keyword: Mapping = { type: "keyword", ignore_above: MAX_KEYWORD_LENGTH };
const text: Mapping = { type: "text" };
const date: Mapping = { type: "date" };
const long: Mapping = { type: "long" };
// Not float, which tells epoch seconds apart by 128 s only.
const double: Mapping = { type: "double" };
// Takes `1` and `"E42"` in one field.
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
  service,
  resource: flattened,
};

const dictionary: Mapping = {
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

// What somebody adds on the way, as by a pipeline: no dates by guess, no floats.
const frame = (properties: Mapping): object => ({
  date_detection: false,
  dynamic_templates: [
    { strings: { match_mapping_type: "string", mapping: keyword } },
    { fractions: { match_mapping_type: "double", mapping: double } },
  ],
  properties,
});

/** Mappings of documents with ECS fields. */
export const ecsMappings: object = frame(ecs);

/** Mappings of documents that are the standard dictionary. */
export const dictionaryMappings: object = frame(dictionary);
