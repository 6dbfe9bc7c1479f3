// Replies of an OTLP receiver: whether it took everything, what it left out, and the known codes in its text.
import { readExportResponse } from "@eventmeter/otlp";
import type { Reply } from "./http-request.ts";
import { isJsonObject, type JsonObject, parseJsonObject } from "./json.ts";
import { failureSentence } from "./request-failure.ts";

/** The body of a success: the receiver took everything, everything except something, or it does not speak OTLP. */
export type ExportReply = "complete" | "unreadable" | PartialSuccess;

/** What a receiver left out of a request that it took. */
export interface PartialSuccess {
  /** Samples as the receiver counts them, which can be more than were sent. */
  readonly rejected: number;
  readonly text: string;
}

/** Reads the body of a success (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response); an empty one is a complete success. */
export function readExportReply({ body, contentType, isWhole }: Reply): ExportReply {
  if (!isWhole) return "unreadable";
  if (body.length === 0) return "complete";
  if (contentType === "application/json") return readJson(parseJsonObject(body));
  const response = contentType === "application/x-protobuf" ? readExportResponse(body) : undefined;
  return response === undefined ? "unreadable" : exportReply(response.rejectedDataPoints, response.errorMessage);
}

// Go's own encoder writes snake_case, the specification asks for camelCase.
function readJson(data: JsonObject | undefined): ExportReply {
  if (data === undefined) return "unreadable";
  const success = data["partialSuccess"] ?? data["partial_success"] ?? {};
  if (!isJsonObject(success)) return "unreadable";
  const rejected = success["rejectedDataPoints"] ?? success["rejected_data_points"] ?? 0;
  const text = success["errorMessage"] ?? success["error_message"] ?? "";
  return exportReply(Number(rejected), typeof text === "string" ? text : "");
}

function exportReply(rejected: number, text: string): ExportReply {
  const count = Number.isFinite(rejected) && rejected > 0 ? Math.trunc(rejected) : 0;
  return count === 0 && text === "" ? "complete" : { rejected: count, text };
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

/** Describes what was left out and why. The receiver's text is not repeated, because it quotes labels. */
export function describePartialSuccess({ rejected, text }: PartialSuccess): string {
  const codes = mimirCodes(text);
  const what =
    rejected > 0
      ? `the endpoint took the series but for ${rejected} ${rejected === 1 ? "sample" : "samples"}${codes}`
      : `the endpoint took the series with a warning${codes}`;
  const [, cause, hint] = CAUSES.find(([test]) => test.test(text)) ?? [];
  return failureSentence({ message: cause === undefined ? what : `${what}: ${cause}`, hint });
}

/** Most characters of a reply that are searched for known words. */
const MAX_TEXT_LENGTH = 4_096;

/**
 * Returns the text of a reply, to search for known words: JSON, protobuf and plain texts contain the same ones.
 * The text can quote labels and is never shown.
 */
export function replyText({ body }: Pick<Reply, "body">): string {
  return Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, MAX_TEXT_LENGTH)).toString("latin1");
}

/** Returns the codes of Mimir in a text, such as `err-mimir-max-series-per-user`, in brackets to append to a message. They are constants. */
export function mimirCodes(text: string): string {
  const codes = new Set(text.match(/(?<![\w-])err-mimir-[a-z]+(?:-[a-z]+){0,9}(?![\w-])/g));
  return codes.size === 0 ? "" : ` (${[...codes].slice(0, 3).join(", ")})`;
}
