export type { OtlpAttributes } from "./attributes.ts";
export { createMetricsEncoder, type MetricsEncoder, type MetricsEncoderInit } from "./encoder.ts";
export { resourceAttributes } from "./resource.ts";
export { type ExportResponse, readExportResponse, readStatus, type ResponseStatus } from "./export-response.ts";
