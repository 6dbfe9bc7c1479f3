export type { BackendReporter, Send, SendContext, StartContext } from "./attempt.ts";
export type { Batch, BatchWrap } from "./batch.ts";
export { type DeliveryOptions, deliveryOptionRules, type DroppedRecord } from "./options.ts";
export type { Outcome, RecordOutcome, Retry } from "./outcome.ts";
export type { EncodeContext, EncodedRecord, PushDefinition, PushOptions } from "./push-definition.ts";
export { createPushPublisher } from "./push-publisher.ts";
export { retryAfterMs } from "./retry-after.ts";
export { uuidV7 } from "./uuid.ts";
export type { BackendHooks } from "./life-cycle.ts";
export {
  type SendSnapshot,
  type SeriesDefinition,
  type SeriesDeliveryOptions,
  seriesDeliveryOptionRules,
  type SeriesPushOptions,
  type SeriesSource,
  type SnapshotOutcome,
  type TimedSnapshot,
} from "./series-definition.ts";
export { createSeriesPublisher } from "./series-publisher.ts";
