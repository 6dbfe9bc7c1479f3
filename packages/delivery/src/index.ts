// Public surface: publishers that push batches of records or snapshots of series.
export type { BackendHooks, BackendReporter, SendContext, StartContext } from "./backend-hooks.ts";
export {
  DEFAULT_SEND_TIMEOUT_MS,
  type DeliveryOptions,
  deliveryOptionRules,
  type DroppedRecord,
} from "./push/delivery-options.ts";
export type { Outcome, RecordOutcome } from "./push/outcome.ts";
export type { EncodeContext, EncodedRecord, PushDefinition, PushOptions } from "./push/push-definition.ts";
export { createPushPublisher } from "./push/push-publisher.ts";
export type { Send } from "./push/send.ts";
export type { Batch, BatchWrap } from "./queue/batch.ts";
export { uuidV7 } from "./uuid-v7.ts";
export type { Retry } from "./retry/attempt.ts";
export { retryAfterMs } from "./retry/retry-after.ts";
export {
  type ExcludedSeries,
  type SendSnapshot,
  type SeriesDefinition,
  type SeriesDeliveryOptions,
  seriesDeliveryOptionRules,
  type SeriesPushOptions,
  type SeriesSource,
  type SnapshotOutcome,
  type TimedSnapshot,
} from "./series/series-definition.ts";
export { createSeriesPublisher } from "./series/series-publisher.ts";
export { secureContextRule } from "./tls-rule.ts";
export { withTimeLimit } from "./time-limit.ts";
