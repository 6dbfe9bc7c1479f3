// Names of data streams and daily indices, and the rules of the options that they are made from.
import { option, type OptionRule } from "@eventmeter/core/publisher";

/** Kind of a record, as it appears in names of data streams and indices. */
export type RecordKind = "event" | "network";

/** Longest name of an index in bytes. The backing index of a data stream adds 22 to its name: `.ds-` and `-2026.11.22-000001`. */
const MAX_INDEX_BYTES = 255;
const MAX_STREAM_BYTES = MAX_INDEX_BYTES - 22;

// https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-indices-create, and `:`, which data streams reject.
const FORBIDDEN = /[\\/*?"<>|,#:\s\p{Cc}]/u;

function isName(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value !== "" &&
    !FORBIDDEN.test(value) &&
    value === value.toLowerCase() &&
    value.isWellFormed()
  );
}

/** Rule of a namespace, after https://www.elastic.co/docs/reference/ecs/ecs-data_stream. */
export const namespaceRule: OptionRule = option.instance(
  (value) =>
    isName(value) &&
    !value.includes("-") &&
    value.length <= 100 &&
    Buffer.byteLength(streamName("network", value)) <= MAX_STREAM_BYTES,
  'a lower-case name of at most 100 characters without - \\ / * ? " < > | , # : and blanks',
);

/** Rule of a prefix of daily indices. */
export const indexPrefixRule: OptionRule = option.instance(
  (value) =>
    isName(value) && !/^[-_+.]/.test(value) && Buffer.byteLength(dailyName("network", value, 0)) <= MAX_INDEX_BYTES,
  'a lower-case name of at most 236 bytes that does not begin with . - _ +, without \\ / * ? " < > | , # : and blanks',
);

/** Returns the name of a data stream. */
export function streamName(kind: RecordKind, namespace: string): string {
  return `metrics-eventmeter.${kind}-${namespace}`;
}

/** Returns the name of the index of a day in UTC. @param ms any moment of that day, in epoch milliseconds */
export function dailyName(kind: RecordKind, prefix: string, ms: number): string {
  return `${prefix}-${kind}-${new Date(ms).toISOString().slice(0, 10).replaceAll("-", ".")}`;
}
