// Definition of a push publisher: what its author writes.
import type { CommonOptions } from "@eventmeter/core";
import {
  commonOptionRules,
  hookTimeoutRule,
  option,
  type OptionRule,
  type RecordFields,
} from "@eventmeter/core/publisher";
import type { Send } from "./send.ts";
import type { BatchWrap } from "../queue/batch.ts";
import type { BackendHooks } from "../backend-hooks.ts";
import type { DeliveryOptions } from "./delivery-options.ts";

/** Context of `encode`. */
export interface EncodeContext {
  /** UUIDv7, assigned when the record is published; every attempt has the same one. */
  readonly id: string;
  /** When the record was published, in epoch milliseconds. */
  readonly receivedAt: number;
}

/** An encoded record. */
export interface EncodedRecord {
  /** A string is written as UTF-8; bytes are copied, so `encode` may reuse them in its next call. */
  readonly data: string | Uint8Array;
  /** Where it is sent: the records of one lane share requests. @default "" */
  readonly lane?: string | undefined;
}

/** What a push publisher does itself. */
export interface PushDefinition extends BackendHooks {
  /** Default name, kebab-case. */
  readonly name: string;
  /** Encodes one record; the fields are valid during the call only. Null counts as `ignored.unsupported`, a throw as `dropped.encode`. */
  readonly encode: (record: RecordFields, context: EncodeContext) => EncodedRecord | null;
  /** Whether records without an `endTime` are encoded and sent like others, or are `ignored.unfinished`. @default "send" */
  readonly unfinished?: "send" | "ignore" | undefined;
  /** Sends one batch once and returns its outcome. A throw, or an outcome that cannot be read, is a retry. */
  readonly send: Send;
  /** Text around and between the records of a request. @default none */
  readonly wrap?: BatchWrap | undefined;
}

/** Options of a push publisher: the common ones and those of delivery. */
export type PushOptions = CommonOptions & DeliveryOptions;

const hook = option.function();

/** Rules of `PushDefinition`. */
export const pushDefinitionRules: { readonly [Name in keyof PushDefinition]-?: OptionRule } = {
  name: option.required(commonOptionRules.name),
  encode: option.required(hook),
  unfinished: option.oneOf(["send", "ignore"]),
  send: option.required(hook),
  wrap: option.group({ prefix: option.string(), separator: option.string(), suffix: option.string() }),
  start: hook,
  check: hook,
  close: hook,
  hookTimeoutMs: hookTimeoutRule,
};
