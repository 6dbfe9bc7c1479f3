export { codeText, errorMessage, errorTypeOf } from "./caught.ts";
export { MAX_DELAY_MS, resolveClock, systemClock } from "./clock.ts";
export { closeWithin } from "./close-within.ts";
export { closeOnExit, type CloseOnExitOptions } from "./close-on-exit.ts";
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
} from "./contract.ts";
export { createPublisher, type PublisherDefinition } from "./create-publisher.ts";
export type { EventFields, FieldScope, NetworkFields, RecordFields } from "./fields.ts";
export { filtered, type RecordPredicate } from "./filtered.ts";
export type { FormattedBase, FormattedEvent, FormattedMetrics, FormattedNetwork } from "./dictionary.ts";
export { formatMetrics } from "./format-metrics.ts";
export { createIntake, type Intake, type IntakeInit } from "./intake.ts";
export { createLedger, type HealthDetail, type Ledger, publisherState, type StateInit } from "./ledger.ts";
export { mapped, type RecordMapping } from "./mapped.ts";
export { noopPublisher } from "./noop-publisher.ts";
export {
  checkOptions,
  commonOptionRules,
  option,
  type OptionFault,
  type OptionRule,
  type OptionRules,
  type OptionRuleSet,
  type StringLimits,
} from "./options-check.ts";
export { DROP_REASONS, type DropReason, IGNORE_REASONS, type IgnoreReason } from "./outcomes.ts";
export { type ErrorCode, isPublisherError, PublisherError, type PublisherErrorInit } from "./publisher-error.ts";
export {
  type AttributeSource,
  MAX_ATTRIBUTE_NAME_LENGTH,
  MAX_ATTRIBUTES,
  readAttribute,
  readAttributes,
} from "./read-attributes.ts";
export { PUBLISHER_STATES, readHealth } from "./read-health.ts";
export { createEventFields, readEvent } from "./read-event.ts";
export { createNetworkFields, readNetwork } from "./read-network.ts";
export {
  type Attributes,
  type AttributeValue,
  type EventMetrics,
  type EventStatus,
  isNetwork,
  type MetricsRecord,
  type NetworkMetrics,
  type Time,
} from "./records.ts";
export { createReporter, isThenable, type Reporter } from "./reporter.ts";
export { createStarter, type Starter, type StarterInit } from "./starter.ts";
export { readWaitOptions, waitWithin, type WaitStatus } from "./wait.ts";
export type { WrapperOptions } from "./wrapper.ts";
