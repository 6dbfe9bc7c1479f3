// Reader of what a receiver answers to a request that it accepted.
import { type FieldValue, readFields } from "./protobuf-reader.ts";

/** Answer to a request that a receiver accepted (https://opentelemetry.io/docs/specs/otlp/#partial-success-1); 0 and `""` if it took everything. */
export interface ExportResponse {
  /** As the receiver counts: some count samples, of which a data point has several, and more than were sent. */
  readonly rejectedDataPoints: number;
  /** At most 1,024 characters. */
  readonly errorMessage: string;
}

const MAX_CHARACTERS = 1_024;
/** A character takes at most three bytes. */
const MAX_TEXT_BYTES = MAX_CHARACTERS * 3;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads an ExportMetricsServiceResponse in protobuf; returns undefined if the body is not one. Never throws. */
export function readExportResponse(body: Uint8Array): ExportResponse | undefined {
  let rejectedDataPoints = 0;
  let errorMessage = "";
  const isWhole = readFields(body, (field, value) => {
    if (field !== 1 || typeof value === "number") return true;
    return readFields(value, (inner, given) => {
      if (inner === 1 && typeof given === "number") rejectedDataPoints = given;
      if (inner === 2) errorMessage = textOf(given) ?? errorMessage;
      return true;
    });
  });
  return isWhole ? { rejectedDataPoints, errorMessage } : undefined;
}

/** Returns a text cut at its limit, with U+FFFD for invalid UTF-8; undefined for a number. */
function textOf(value: FieldValue): string | undefined {
  if (typeof value === "number") return undefined;
  return decoder.decode(value.subarray(0, MAX_TEXT_BYTES)).slice(0, MAX_CHARACTERS).toWellFormed();
}
