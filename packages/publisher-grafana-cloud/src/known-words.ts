// Words by which receivers name the limit or rule that samples break: what each means, and what to do about it.

/** What known words mean. */
export interface KnownWords {
  readonly test: RegExp;
  /** Code of the failure of a request that was rejected with these words. */
  readonly code: string;
  /** @default "rejected" */
  readonly kind?: "too-large" | undefined;
  readonly meaning: string;
  readonly hint?: string | undefined;
  /** Whether one series can be the cause, and the others would be taken without it. */
  readonly isAboutSeries?: boolean | undefined;
}

const RAISE = "or have the limit raised";

/**
 * The first row whose words are in a text counts. Codes are those of Mimir and Grafana Cloud
 * (https://grafana.com/docs/mimir/latest/manage/mimir-runbooks/#errors-catalog); sentences are those of Prometheus, Cortex,
 * Thanos and the Collector.
 */
const KNOWN_WORDS: readonly KnownWords[] = [
  {
    test: /request body too large|distributor-max-(?:otlp-request|write-message)-size/i,
    kind: "too-large",
    code: "too-large",
    meaning: "the request is too large",
    hint: "lower maxLabelSets, or let it read larger requests",
  },
  { test: /exemplar/i, code: "exemplars", meaning: "exemplars were left out" },
  {
    test: /too[- ]far[- ]in[- ](?:the[- ])?future/i,
    code: "clock-ahead",
    meaning: "the samples are of the future",
    hint: "correct the clock of this machine",
  },
  {
    test: /out[- ]of[- ]order|too[- ]old|too[- ]far[- ]in[- ](?:the[- ])?past|out of bounds|duplicate[- ](?:sample|timestamp)|sample-duplicate/i,
    code: "out-of-order",
    meaning: "newer samples of these series are stored already",
    hint: "give every process its own serviceInstanceId (the default is one), and check the clock of this machine",
  },
  {
    test: /max-series-per-metric|per-metric series/i,
    code: "series-limit",
    meaning: "a limit of series per metric is the cause: series that are new are not stored",
    hint: `keep fewer (maxLabelSets, labels), ${RAISE}`,
  },
  {
    test: /max[- ](?:active[- ])?series|ingester-max-series|series[- ]limit|per-(?:user|tenant) series|limit of series/i,
    code: "series-limit",
    meaning: "a series limit is the cause: series that are new are not stored",
    hint: `keep fewer (maxLabelSets, labels), ${RAISE}`,
  },
  {
    test: /max-label-names-per-info-series|info series whose number of labels/i,
    code: "label-limit",
    meaning: "target_info has more labels than it may have",
    hint: `give fewer attributes in resource, ${RAISE}`,
  },
  {
    test: /max-label-names-per-series|number of labels exceeds|has too many labels|label names; limit|labels? limit exceeded|label_limit/i,
    code: "label-limit",
    meaning: "a series has more labels than it may have",
    hint: `promote fewer attributes in labels, ${RAISE}`,
    isAboutSeries: true,
  },
  {
    test: /label-value-too-long|label[- _]value[- _](?:length|too[- ]long)/i,
    code: "label-limit",
    meaning: "the value of a label is longer than it may be",
    hint: `promote no attributes with long values in labels, ${RAISE}`,
    isAboutSeries: true,
  },
  {
    test: /label-name-too-long|label[- _]name[- _](?:length|too[- ]long)/i,
    code: "label-limit",
    meaning: "the name of a label is longer than it may be",
    hint: `promote attributes with shorter names in labels, ${RAISE}`,
    isAboutSeries: true,
  },
  {
    test: /err-mimir-(?:label-|duplicate-label|labels-)|invalid label|duplicate label|label (?:name|value)/i,
    code: "label-limit",
    meaning: "it does not take a label",
    hint: "promote other attributes in labels",
    isAboutSeries: true,
  },
  {
    test: /content type/i,
    code: "media-type",
    meaning: "it does not take protobuf",
    hint: "check what stands between",
  },
  {
    test: /temporality/i,
    code: "temporality",
    meaning: "it does not take cumulative series",
    hint: "let it take them, or convert them in a Collector before it",
  },
];

/** Returns what the words of a receiver mean; undefined for words that are not known. */
export function knownWordsIn(text: string): KnownWords | undefined {
  return KNOWN_WORDS.find(({ test }) => test.test(text));
}
