// Replies of an OTLP receiver: whether it took everything, what it left out, and the known codes in its text.
import { readExportResponse } from "@eventmeter/otlp";
import type { Reply } from "./http-request.ts";
import { isJsonObject, type JsonObject, parseJsonObject } from "./json.ts";
import { knownWordsIn } from "./known-words.ts";
import { failureSentence } from "./request-failure.ts";

/**
 * The body of a success.
 * - `complete`: the receiver took everything.
 * - `unknown`: it is not an OTLP reply, but nothing in it says that the request failed.
 * - `failed`: it says so. `status` is the one that it names, if it looks like one of HTTP.
 * - `foreign`: whatever answered does not take metrics, such as a login page.
 */
export type ExportReply =
  | { readonly kind: "complete" }
  | { readonly kind: "unknown" }
  | { readonly kind: "foreign" }
  | { readonly kind: "failed"; readonly status: number | undefined }
  | PartialSuccess;

/** What a receiver left out of a request that it took. */
export interface PartialSuccess {
  readonly kind: "partial";
  /** Samples as the receiver counts them, which can be more than were sent. */
  readonly rejected: number;
  readonly text: string;
}

/** Longest body that is no OTLP reply and still stands for a success, in bytes: longer ones are pages. */
const MAX_UNKNOWN_BYTES = 4_096;
const PROTOBUF: ReadonlySet<string> = new Set([
  "application/x-protobuf",
  "application/protobuf",
  "application/vnd.google.protobuf",
  "application/octet-stream",
]);

/**
 * Reads the body of a success (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response). Receivers name its type in many
 * ways, or not at all, so the body itself decides.
 */
export function readExportReply({ body, contentType, isWhole }: Reply): ExportReply {
  if (!isWhole) return { kind: "foreign" };
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8").trim();
  if (text === "") return { kind: "complete" };
  const response = readExportResponse(body);
  const read = exportReply(response?.rejectedDataPoints ?? 0, response?.errorMessage ?? "");
  if (read.kind === "partial" || (response !== undefined && PROTOBUF.has(contentType))) return read;
  if (contentType === "text/html" || text.startsWith("<")) return { kind: "foreign" };
  const data = parseJsonObject(body);
  if (data !== undefined) return readJson(data);
  return { kind: body.length > MAX_UNKNOWN_BYTES ? "foreign" : "unknown" };
}

// Go's own encoder writes snake_case, the specification asks for camelCase.
function readJson({ partialSuccess, partial_success: snakeCase, ...others }: JsonObject): ExportReply {
  const success = partialSuccess ?? snakeCase ?? {};
  const names = Object.keys(others);
  if (isJsonObject(success)) {
    const rejected = success["rejectedDataPoints"] ?? success["rejected_data_points"] ?? 0;
    const text = success["errorMessage"] ?? success["error_message"] ?? "";
    const read = exportReply(Number(rejected), typeof text === "string" ? text : "");
    if (read.kind === "partial" || names.length === 0) return read;
  }
  return readFailure(others) ?? { kind: "unknown" };
}

function exportReply(rejected: number, text: string): PartialSuccess | { readonly kind: "complete" } {
  const count = Number.isFinite(rejected) && rejected > 0 ? Math.trunc(rejected) : 0;
  return count === 0 && text === "" ? { kind: "complete" } : { kind: "partial", rejected: count, text };
}

const STATUS_NAMES = ["code", "status", "statusCode", "status_code"] as const;
const SUCCESS_WORDS = /^(?:ok|okay|success|successful|succeeded|accepted|created|done|none|no[ _-]error)$/i;
const FAILURE_WORDS = /error|fail|invalid|denied|unauth|forbidden|reject|expired|not[ _-]?found|unavailable|exceeded/i;

/** Reads what a JSON object says about a failure; undefined if nothing. */
function readFailure(data: JsonObject): ExportReply | undefined {
  const codes = STATUS_NAMES.map((name) => data[name]);
  const status = codes.map(Number).find((code) => code >= 400 && code <= 599);
  const isFailure =
    isSet(data["error"]) ||
    (Array.isArray(data["errors"]) && data["errors"].length > 0) ||
    data["success"] === false ||
    data["ok"] === false ||
    status !== undefined ||
    codes.some((code) => saysFailure(code)) ||
    (typeof data["code"] === "string" && !isNumeric(data["code"]) && !SUCCESS_WORDS.test(data["code"].trim()));
  return isFailure ? { kind: "failed", status } : undefined;
}

function isSet(value: unknown): boolean {
  if (typeof value === "string") return value !== "" && !SUCCESS_WORDS.test(value.trim());
  return value !== undefined && value !== null && value !== false && value !== 0;
}

/** Returns whether a code or status says failure: 0 and 200 to 399 are successes of gRPC and HTTP. */
function saysFailure(code: unknown): boolean {
  if (typeof code === "string" && !isNumeric(code)) return FAILURE_WORDS.test(code);
  if (typeof code !== "number" && typeof code !== "string") return code === false;
  const number = Number(code);
  return number !== 0 && !(number >= 200 && number <= 399);
}

function isNumeric(text: string): boolean {
  return /^\s*-?\d+\s*$/.test(text);
}

/** Describes what was left out and why. The receiver's text is not repeated, because it quotes labels. */
export function describePartialSuccess({ rejected, text }: PartialSuccess): string {
  const codes = mimirCodes(text);
  const what =
    rejected > 0
      ? `the endpoint took the series but for ${rejected} ${rejected === 1 ? "sample" : "samples"}${codes}`
      : `the endpoint took the series with a warning${codes}`;
  const known = knownWordsIn(text);
  return failureSentence({ message: known === undefined ? what : `${what}: ${known.meaning}`, hint: known?.hint });
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
