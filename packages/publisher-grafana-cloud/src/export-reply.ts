import { readExportResponse } from "@eventmeter/otlp";
import type { PartialSuccess } from "./partial-success.ts";
import { isObject, type JsonObject, parseObject } from "./json.ts";
import type { Reply } from "./request.ts";

/** What a receiver said of a request that it took: all, all but something, or nothing that is an OTLP reply. */
export type ExportReply = "complete" | "unreadable" | PartialSuccess;

/** Reads the body of a success (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response); an empty one is a complete success. */
export function readExportReply({ body, contentType, isWhole }: Reply): ExportReply {
  if (!isWhole) return "unreadable";
  if (body.length === 0) return "complete";
  if (contentType === "application/json") return readJson(parseObject(body));
  const response = contentType === "application/x-protobuf" ? readExportResponse(body) : undefined;
  return response === undefined ? "unreadable" : partial(response.rejectedDataPoints, response.errorMessage);
}

// Go's own encoder writes snake_case, the specification asks for camelCase.
function readJson(data: JsonObject | undefined): ExportReply {
  if (data === undefined) return "unreadable";
  const success = data["partialSuccess"] ?? data["partial_success"] ?? {};
  if (!isObject(success)) return "unreadable";
  const rejected = success["rejectedDataPoints"] ?? success["rejected_data_points"] ?? 0;
  const text = success["errorMessage"] ?? success["error_message"] ?? "";
  return partial(Number(rejected), typeof text === "string" ? text : "");
}

function partial(rejected: number, text: string): ExportReply {
  const count = Number.isFinite(rejected) && rejected > 0 ? Math.trunc(rejected) : 0;
  return count === 0 && text === "" ? "complete" : { rejected: count, text };
}
