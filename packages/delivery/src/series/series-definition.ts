// Definition of a series publisher: what its author writes.
import type { CommonOptions } from "@eventmeter/core";
import {
  commonOptionRules,
  hookTimeoutRule,
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

/** What delivery reads of a snapshot. */
export interface TimedSnapshot {
  /** When it was taken, in epoch milliseconds. */
  readonly time: number;
  /** Records of all series that are excluded from it, since the source was created. @default 0 */
  readonly excludedRecords?: number | undefined;
}

/** A series that was excluded. */
export interface ExcludedSeries {
  /** What it is called, without values of its labels: such as the name of its family. */
  readonly name: string;
  /** Records that only it counts. */
  readonly records: number;
}

/** Takes records and returns snapshots of all of them since it was created, such as `SeriesStore` of `@eventmeter/aggregation`. */
export interface SeriesSource<Snapshot extends TimedSnapshot> {
  /** Adds a finished event; the fields are valid during the call only. */
  addEvent(fields: EventFields): void;
  /** Adds a finished network operation; the fields are valid during the call only. */
  addNetwork(fields: NetworkFields): void;
  /** Memory of everything that is kept for the series, in bytes; `pendingDetail` of health() shows it while records wait for an acknowledged snapshot. */
  readonly bytes?: number | undefined;
  /** Returns all series at this moment; what is added later does not change the snapshot. */
  snapshot(): Snapshot;
  /** Returns two snapshots of the same moment that hold the series between them; undefined if it cannot be split. */
  split?(snapshot: Snapshot): readonly [Snapshot, Snapshot] | undefined;
  /**
   * Leaves the series of a part that cannot be split out of all later snapshots, because the backend rejects it. Without this
   * function, a snapshot of which any series is rejected is never acknowledged.
   */
  exclude?(part: Snapshot): ExcludedSeries;
}

/**
 * Outcome of one request with a snapshot.
 * - `retry`: the newest snapshot is sent later instead.
 * - `rejected`: this snapshot will never be taken; the records wait for the snapshot of the next interval.
 * - `split`: the series are sent in two requests, from now on if they are too large or the backend is busy. If they are
 *   rejected, the halves are split again, until a series that is rejected alone is found: it is left out of all later
 *   snapshots, and its records are dropped as `rejected`. If the backend takes no part of a snapshot, no series is to blame.
 * - `hold`: credentials or configuration are wrong. The backend is probed every 30 s; no record is dropped for it.
 */
export type SnapshotOutcome =
  | { readonly kind: "delivered" }
  | Retry
  | { readonly kind: "rejected"; readonly reason: string }
  | {
      readonly kind: "split";
      readonly because: "too-large" | "rejected" | "busy";
      readonly retryAfterMs?: number | undefined;
      readonly reason?: string | undefined;
    }
  | { readonly kind: "hold"; readonly reason: string };

/** Reads what `send` returned for a snapshot; anything unreadable is a retry and never a success. */
export function readSnapshotOutcome(given: unknown): SnapshotOutcome {
  const outcome = readOutcome(given, 1);
  if (outcome.kind === "partial") return { kind: "retry", reason: "send gave no outcome" };
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
  hookTimeoutMs: hookTimeoutRule,
};
