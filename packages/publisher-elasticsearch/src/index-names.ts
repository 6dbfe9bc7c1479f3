import { option, type OptionRule } from "@eventmeter/core/publisher";

/** The kinds of records, as they appear in names of streams and indices. */
export type RecordKind = "event" | "network";

/** Longest name of an index; the backing index of a stream has 22 bytes of its own, `.ds-` and `-2026.11.22-000001`. */
const MAX_INDEX_BYTES = 255;
const MAX_STREAM_BYTES = MAX_INDEX_BYTES - 22;

// https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-indices-create, and `:` which streams refuse.
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

/** Judges a namespace by the rules of https://www.elastic.co/docs/reference/ecs/ecs-data_stream. */
export const namespaceRule: OptionRule = option.instance(
  (value) =>
    isName(value) &&
    !value.includes("-") &&
    value.length <= 100 &&
    Buffer.byteLength(streamName("network", value)) <= MAX_STREAM_BYTES,
  'a lower-case name of at most 100 characters without - \\ / * ? " < > | , # : and blanks',
);

/** Judges a prefix of daily indices. */
export const indexPrefixRule: OptionRule = option.instance(
  (value) =>
    isName(value) && !/^[-_+.]/.test(value) && Buffer.byteLength(dailyName("network", value, 0)) <= MAX_INDEX_BYTES,
  'a lower-case name of at most 236 bytes that does not begin with . - _ +, without \\ / * ? " < > | , # : and blanks',
);

/** Gives the name of a data stream. */
export function streamName(kind: RecordKind, namespace: string): string {
  return `metrics-eventmeter.${kind}-${namespace}`;
}

/** Gives the name of the index of a day in UTC. @param ms any moment of it, in epoch milliseconds */
export function dailyName(kind: RecordKind, prefix: string, ms: number): string {
  return `${prefix}-${kind}-${new Date(ms).toISOString().slice(0, 10).replaceAll("-", ".")}`;
}
