import type { CommonOptions } from "@eventmeter/core";
import { commonOptionRules, option, type OptionRule, type RecordFields } from "@eventmeter/core/publisher";
import type { Send } from "./attempt.ts";
import type { BatchWrap } from "./batch.ts";
import type { BackendHooks } from "./life-cycle.ts";
import type { DeliveryOptions } from "./options.ts";

/** What is known of a record besides its fields. */
export interface EncodeContext {
  /** UUIDv7, stamped at publish and kept for ever. */
  readonly id: string;
  /** When the record was published, in epoch milliseconds. */
  readonly receivedAt: number;
}

/** A record as it travels. */
export interface EncodedRecord {
  /** A string is written straight into the lane's buffer as UTF-8; bytes are copied, and may stand until the next call of `encode`. */
  readonly data: string | Uint8Array;
  /** Where it goes: records of one lane travel together. @default "" */
  readonly lane?: string | undefined;
}

/** What a publisher that pushes does itself. */
export interface PushDefinition extends BackendHooks {
  /** Default name, kebab-case. */
  readonly name: string;
  /** Encodes one record; the fields are valid during the call only. Null: `ignored.unsupported`; a throw: `dropped.encode`. */
  readonly encode: (record: RecordFields, context: EncodeContext) => EncodedRecord | null;
  /** Sends one batch once and says what became of it. A throw, or an outcome that cannot be read, is a retry. */
  readonly send: Send;
  /** What surrounds and separates records in a request. @default nothing */
  readonly wrap?: BatchWrap | undefined;
}

/** What a publisher that pushes takes: the common options and those of delivery. */
export type PushOptions = CommonOptions & DeliveryOptions;

const hook = option.function();
/** Rules of `PushDefinition`. */
export const pushDefinitionRules: { readonly [Name in keyof PushDefinition]-?: OptionRule } = {
  name: option.required(commonOptionRules.name),
  encode: option.required(hook),
  send: option.required(hook),
  wrap: option.group({ prefix: option.string(), separator: option.string(), suffix: option.string() }),
  start: hook,
  check: hook,
  close: hook,
};
