// Entry point: snapshots as OTLP requests, and what receivers answer.
export type { OtlpAttributes } from "./attributes.ts";
export { createMetricsEncoder, type MetricsEncoder, type MetricsEncoderInit } from "./encoder.ts";
export { type ExportResponse, readExportResponse } from "./export-response.ts";
export { resourceAttributes } from "./resource.ts";
