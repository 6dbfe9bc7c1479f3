// Definition of a series publisher: what its author writes.
import type { CommonOptions } from "@eventmeter/core";
import {
  commonOptionRules,
  MAX_DELAY_MS,
  type EventFields,
  type NetworkFields,
  option,
  type OptionRule,
  type OptionRules,
} from "@eventmeter/core/publisher";
import type { BackendHooks, SendContext } from "../backend-hooks.ts";
import { readOutcome } from "../push/outcome.ts";
import type { Retry } from "../retry/attempt.ts";

/** A snapshot with the time at which it was taken, in epoch milliseconds. */
export interface TimedSnapshot {
  readonly time: number;
}

/** Takes records and returns snapshots of all of them since it was created, such as `SeriesStore` of `@eventmeter/aggregation`. */
export interface SeriesSource<Snapshot extends TimedSnapshot> {
  /** Adds a finished event; the fields are valid during the call only. */
  addEvent(fields: EventFields): void;
  /** Adds a finished network operation; the fields are valid during the call only. */
  addNetwork(fields: NetworkFields): void;
  /** Memory of the series in bytes; health() shows it while records wait for an acknowledged snapshot. */
  readonly bytes?: number | undefined;
  /** Returns all series at this moment; what is added later does not change the snapshot. */
  snapshot(): Snapshot;
  /** Returns two snapshots of the same moment that hold the series between them; undefined if it cannot be split. */
  split?(snapshot: Snapshot): readonly [Snapshot, Snapshot] | undefined;
}

/**
 * Outcome of one request with a snapshot.
 * - `retry`: the newest snapshot is sent later instead.
 * - `rejected`: this snapshot will never be taken; the records wait for the snapshot of the next interval.
 * - `split`: the series are sent in two requests from now on.
 * - `hold`: credentials or configuration are wrong. The backend is probed every 30 s; no record is dropped for it.
 */
export type SnapshotOutcome =
  | { readonly kind: "delivered" }
  | Retry
  | { readonly kind: "rejected"; readonly reason: string }
  | {
      readonly kind: "split";
      readonly because: "too-large" | "busy";
      readonly retryAfterMs?: number | undefined;
      readonly reason?: string | undefined;
    }
  | { readonly kind: "hold"; readonly reason: string };

/** Reads what `send` returned for a snapshot; anything unreadable is a retry and never a success. */
export function readSnapshotOutcome(given: unknown): SnapshotOutcome {
  const outcome = readOutcome(given, 1);
  if (outcome.kind === "split" && outcome.because !== "rejected") return { ...outcome, because: outcome.because };
  if (outcome.kind === "split" || outcome.kind === "partial") return { kind: "retry", reason: "send gave no outcome" };
  return outcome;
}

/** Sends one encoded snapshot once; a throw is a retry. */
export type SendSnapshot = (
  body: Uint8Array<ArrayBuffer>,
  context: SendContext,
) => SnapshotOutcome | PromiseLike<SnapshotOutcome>;

/** What a series publisher does itself. */
export interface SeriesDefinition<Snapshot extends TimedSnapshot> extends BackendHooks {
  /** Default name, kebab-case. */
  readonly name: string;
  readonly series: SeriesSource<Snapshot>;
  /** Encodes a snapshot, or one part of it, for one request. */
  encode(snapshot: Snapshot): Uint8Array<ArrayBuffer> | PromiseLike<Uint8Array<ArrayBuffer>>;
  /** Sends what was encoded once and returns the outcome. A throw, or an outcome that cannot be read, is a retry. */
  readonly send: SendSnapshot;
}

/** When snapshots are sent. */
export interface SeriesDeliveryOptions {
  /** Time between two snapshots, in milliseconds. @default 60000 */
  readonly intervalMs?: number | undefined;
  /** Longest time of one attempt, in milliseconds. @default 10000 */
  readonly sendTimeoutMs?: number | undefined;
}

/** Options of a series publisher: the common ones and those of its delivery. */
export type SeriesPushOptions = CommonOptions & SeriesDeliveryOptions;

/** Rules of `SeriesDeliveryOptions`, for publishers that take them. */
export const seriesDeliveryOptionRules: OptionRules = {
  intervalMs: option.integer(100, MAX_DELAY_MS),
  sendTimeoutMs: option.integer(1, MAX_DELAY_MS),
};

const hook = option.function();
const isSource = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  ["addEvent", "addNetwork", "snapshot"].every(
    (name) => typeof (value as { readonly [name: string]: unknown })[name] === "function",
  );

/** Rules of `SeriesDefinition`. */
export const seriesDefinitionRules: { readonly [Name in keyof SeriesDefinition<TimedSnapshot>]-?: OptionRule } = {
  name: option.required(commonOptionRules.name),
  series: option.required(option.instance(isSource, "an object with addEvent, addNetwork and snapshot")),
  encode: option.required(hook),
  send: option.required(hook),
  start: hook,
  check: hook,
  close: hook,
};
