import { sentenceOf } from "./fault.ts";
import { serverCode } from "./server-text.ts";

/** What a receiver left out of a request that it took. */
export interface PartialSuccess {
  /** Samples as the receiver counts them, which may be more than were sent. */
  readonly rejected: number;
  readonly text: string;
}

const CAUSES: readonly (readonly [test: RegExp, message: string, hint?: string])[] = [
  [
    /max[- ](?:active[- ])?series|series[- ]limit|per-user series|max-series-per/i,
    "a series limit is the cause: series that are new are not stored",
    "keep fewer (maxLabelSets, labels), or have the limit raised",
  ],
  [/too[- ]far[- ]in[- ](?:the[- ])?future/i, "the samples are of the future", "correct the clock of this machine"],
  [
    /out[- ]of[- ]order|too[- ]old|duplicate/i,
    "newer samples of these series are stored already",
    "give every process its own serviceInstanceId (the default is one), and check the clock of this machine",
  ],
  [
    /label/i,
    "a label is longer than it may be, or a series has too many of them",
    "promote fewer attributes, and shorter ones",
  ],
  [/exemplar/i, "exemplars were left out"],
];

/** Says what was left out and why; the server's words are not repeated, since they quote labels. */
export function describePartial({ rejected, text }: PartialSuccess): string {
  const codes = serverCode(text);
  const what =
    rejected > 0
      ? `the endpoint took the series but for ${rejected} ${rejected === 1 ? "sample" : "samples"}${codes}`
      : `the endpoint took the series with a warning${codes}`;
  const [, cause, hint] = CAUSES.find(([test]) => test.test(text)) ?? [];
  return sentenceOf({ message: cause === undefined ? what : `${what}: ${cause}`, hint });
}
