// Entry point for authors of publishers: the parts that every publisher is built from.
export { checkOptions } from "./options/check-options.ts";
export { commonOptionRules } from "./options/common-option-rules.ts";
export { headersRule, passwordRule, tokenRule, usernameRule } from "./options/credential-rules.ts";
export { kindOf } from "./options/kind-of.ts";
export {
  type ForeignNames,
  option,
  type OptionRule,
  type OptionRules,
  type OptionRuleSet,
  type ReportOptionError,
  type StringLimits,
} from "./options/option-rules.ts";
export { createSecretReader, type SecretReader, type SecretReaderOptions, secretRule } from "./options/secret.ts";
export { tlsRule } from "./options/tls-options.ts";
export { bindMethods } from "./publisher/bind-methods.ts";
export { createPublisher, type PublisherDefinition } from "./publisher/create-publisher.ts";
export { describeFailure } from "./publisher/describe-failure.ts";
export { describePublisher, PUBLISHER_METHODS } from "./publisher/describe-publisher.ts";
export { CHECK_CODES, DIAGNOSTIC_CODES, ERROR_CODES } from "./publisher/error-codes.ts";
export { containsPublisher, declareInnerPublishers } from "./publisher/inner-publishers.ts";
export { HOOK_TIMEOUT_MS, hookTimeoutRule } from "./publisher/hook-timeout.ts";
export { createIntake, type Intake, type IntakeOptions } from "./publisher/intake.ts";
export { createLedger, type HealthDetail, type Ledger } from "./publisher/ledger.ts";
export { createLifeCycle, type LifeCycle, type LifeCycleHooks, type LifeCycleOptions } from "./publisher/life-cycle.ts";
export type { DrainWait, RecordFlow } from "./publisher/record-flow.ts";
export { isRecentFailure, PUBLISHER_STATES, publisherState } from "./publisher/publisher-state.ts";
export { failingHealth, readHealth } from "./publisher/read-health.ts";
export { readReport } from "./publisher/read-report.ts";
export { createReporter, type Reporter } from "./publisher/reporter.ts";
export { createStarter, type Starter, type StarterOptions, type StartOptions } from "./publisher/starter.ts";
export { isThenable, onRejection, promiseOf } from "./publisher/thenable.ts";
export { ownText, ownTexts } from "./records/own-text.ts";
export { cutBytes } from "./records/cut-text.ts";
export { codeText, errorMessage, errorTypeOf } from "./records/error-text.ts";
export {
  type EventFields,
  type FieldScope,
  type NetworkFields,
  networkStatus,
  type RecordFields,
} from "./records/record-fields.ts";
export {
  type AttributeSource,
  MAX_ATTRIBUTE_NAME_LENGTH,
  MAX_ATTRIBUTES,
  readAttribute,
  readAttributes,
} from "./records/read-attributes.ts";
export { createEventFields, readEvent } from "./records/read-event.ts";
export { createNetworkFields, readNetwork } from "./records/read-network.ts";
export { backOffMs, MAX_RETRY_AFTER_MS } from "./time/back-off.ts";
export { MAX_DELAY_MS, resolveClock, systemClock } from "./time/clock.ts";
export { runDetached } from "./time/run-detached.ts";
export { readWaitOptions, waitWithin, type WaitStatus } from "./time/wait.ts";
