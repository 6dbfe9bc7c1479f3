// Entry point for programs: records, publishers, wrappers and the end of a process.
export { closeOnExit, type CloseOnExitOptions, type ExitHandle } from "./exit/close-on-exit.ts";
export type { Secret } from "./options/secret.ts";
export type { TlsOptions } from "./options/tls-options.ts";
export type {
  AbortSignalLike,
  CheckReport,
  Clock,
  CommonOptions,
  Counts,
  Diagnostic,
  FlushReport,
  MetricsPublisher,
  PublisherHealth,
  PublisherState,
  Resource,
  WaitOptions,
} from "./publisher/contract.ts";
export { createPublisher, type PublisherDefinition } from "./publisher/create-publisher.ts";
export { DROP_REASONS, type DropReason, IGNORE_REASONS, type IgnoreReason } from "./publisher/drop-reasons.ts";
export type { StartOptions } from "./publisher/starter.ts";
export type { ErrorCode } from "./publisher/error-codes.ts";
export { isPublisherError, PublisherError, type PublisherErrorInit } from "./publisher/publisher-error.ts";
export type {
  FormattedBase,
  FormattedEvent,
  FormattedMetrics,
  FormattedNetwork,
} from "./records/standard-dictionary.ts";
export { formatMetrics } from "./records/format-metrics.ts";
export {
  type Attributes,
  type AttributeValue,
  type EventMetrics,
  type EventStatus,
  isNetwork,
  type MetricsRecord,
  type NetworkMetrics,
  type Time,
} from "./records/records.ts";
export { filtered, type RecordPredicate } from "./wrappers/filtered.ts";
export { mapped, type RecordMapping } from "./wrappers/mapped.ts";
export { oncePerProcess } from "./publisher/once-per-process.ts";
export { noopPublisher } from "./publisher/noop-publisher.ts";
export type { WrapperOptions } from "./wrappers/wrapper.ts";
