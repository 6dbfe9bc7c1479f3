import { type FieldValue, readFields } from "./protobuf-reader.ts";

/** What a receiver says of a request that it took (https://opentelemetry.io/docs/specs/otlp/#partial-success-1); 0 and `""` where it took everything. */
export interface ExportResponse {
  /** As the receiver counts: some count samples, of which a data point has several, and more than were sent. */
  readonly rejectedDataPoints: number;
  /** At most 1,024 characters. */
  readonly errorMessage: string;
}

/** What a receiver says of a request that it refused: google.rpc.Status. */
export interface ResponseStatus {
  /** By specification a gRPC code; Mimir puts the HTTP status here. */
  readonly code: number;
  /** At most 1,024 characters. */
  readonly message: string;
}

const MAX_CHARACTERS = 1_024;
/** A character takes at most three bytes. */
const MAX_TEXT_BYTES = MAX_CHARACTERS * 3;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads an ExportMetricsServiceResponse in protobuf; undefined where it is none. Never throws. */
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

/** Reads a google.rpc.Status in protobuf; undefined where it is none. Never throws. */
export function readStatus(body: Uint8Array): ResponseStatus | undefined {
  let code = 0;
  let message = "";
  const isWhole = readFields(body, (field, value) => {
    if (field === 1 && typeof value === "number") code = value;
    if (field === 2) message = textOf(value) ?? message;
    return true;
  });
  return isWhole ? { code, message } : undefined;
}

/** Cut at the bound; what is no UTF-8 becomes U+FFFD. */
function textOf(value: FieldValue): string | undefined {
  if (typeof value === "number") return undefined;
  return decoder.decode(value.subarray(0, MAX_TEXT_BYTES)).slice(0, MAX_CHARACTERS).toWellFormed();
}
