import type { Clock } from "@eventmeter/core";
import type { Ledger, Reporter } from "@eventmeter/core/publisher";
import type { Attempt } from "./attempt.ts";
import { createLanes } from "./lanes.ts";
import { clampRetryAfter } from "./retry-after.ts";
import type { SnapshotOutcome, TimedSnapshot } from "./series-definition.ts";
import { createSnapshotOrder } from "./snapshot-order.ts";

/** Most requests that one snapshot is split into for its size. */
const MAX_PARTS = 1_024;
/** Most for a backend that is busy: one that limits requests has less room for many of them. */
const MAX_BUSY_PARTS = 8;
/** The one lane that snapshots travel in. */
const LANE = "";

/** What the sender works with. */
export interface SnapshotSenderInit<Snapshot extends TimedSnapshot> {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly reporter: Reporter;
  readonly intervalMs: number;
  /** Whether anything may be sent yet. */
  readonly ready: () => boolean;
  /** Takes a snapshot of all series at this moment. */
  readonly snapshot: () => Snapshot;
  /** Gives two snapshots of the same moment that hold the series between them; undefined where there is nothing to split. */
  readonly split: (snapshot: Snapshot) => readonly [Snapshot, Snapshot] | undefined;
  /** Encodes and sends one snapshot once, in bounded time; never rejects. */
  readonly attempt: (
    snapshot: Snapshot,
    attempt: number,
    controller: AbortController,
  ) => Promise<Attempt<SnapshotOutcome>>;
}

/** Sends the newest snapshot at an interval, and again until one is acknowledged. */
export interface SnapshotSender {
  /** Whether the backend refuses, or cannot be reached, at present. */
  readonly failing: boolean;
  /** When the oldest record was added that is in no acknowledged snapshot, on the monotonic clock; undefined without one. */
  readonly oldest: number | undefined;
  /** Notes that a record was added to the series. */
  added(): void;
  /** Sends a snapshot as soon as that may be, and calls `done` when all records added so far are in an acknowledged one; gives what takes the call back. */
  drain(done: () => void): () => void;
  /** Sends what is wanted and may be sent now; called whenever something changed. */
  pump(): void;
  /** Aborts what is in flight and sends nothing more. */
  stop(): void;
}

/** Makes a sender that has sent nothing yet. */
export function createSnapshotSender<Snapshot extends TimedSnapshot>(
  init: SnapshotSenderInit<Snapshot>,
): SnapshotSender {
  const { clock, ledger, reporter, intervalMs } = init;
  const lanes = createLanes(reporter);
  const order = createSnapshotOrder();
  let records = 0;
  let acknowledged = 0;
  let oldest: number | undefined;
  // The first record that the snapshot under way does not hold.
  let later: number | undefined;
  const waiting = new Set<{ readonly upTo: number; readonly done: () => void }>();
  let wanted = false;
  let flight: AbortController | undefined;
  let failures = 0;
  // Learned from refusals: the next snapshot begins with as many parts.
  let parts = 1;
  // The same for a backend that is busy: it does not stay so.
  let busyParts = 1;
  // What was refused for good would be refused again: the next interval may bring something else.
  let refusedUntil = 0;
  let tick: { cancel(): void } | undefined;
  let timer: { cancel(): void } | undefined;
  let stopped = false;

  function pump(): void {
    if (stopped || flight !== undefined || !wanted || !init.ready()) return;
    const now = clock.monotonic();
    const opensAt = Math.max(lanes.admits(LANE, now) ? 0 : lanes.nextDue(now), refusedUntil);
    if (opensAt > now) return wakeIn(opensAt - now);
    const controller = new AbortController();
    flight = controller;
    void sendNewest(controller)
      .catch((cause: unknown) => {
        wanted = true;
        fail(now, "the snapshot could not be taken or split", 0, cause);
      })
      .then(() => {
        flight = undefined;
        pump();
      });
  }

  function wakeIn(ms: number): void {
    timer?.cancel();
    timer = clock.setTimeout(pump, ms);
  }

  async function sendNewest(controller: AbortController): Promise<void> {
    const covered = records;
    later = undefined;
    const snapshot = take();
    if (snapshot === undefined) return;
    // Whoever flushes meanwhile wants a snapshot of its own.
    wanted = false;
    const outstanding = divide(snapshot, Math.max(parts, busyParts));
    let sent = 0;
    for (let part = outstanding.shift(); part !== undefined; part = outstanding.shift()) {
      // oxlint-disable-next-line no-await-in-loop -- one request at a time: parts of one moment may not race those of the next
      const next = await sendPart(part, controller);
      if (stopped) return;
      if (next === undefined) {
        wanted = true;
        return;
      }
      outstanding.unshift(...next);
      if (next.length === 0) sent += 1;
    }
    if (sent > Math.max(parts, busyParts)) parts = Math.min(sent, MAX_PARTS);
    busyParts = Math.max(busyParts / 2, 1);
    acknowledge(covered);
  }

  /** Takes the newest snapshot, if it may be sent. */
  function take(): Snapshot | undefined {
    const snapshot = init.snapshot();
    const waitMs = order.waitMs(snapshot.time);
    if (waitMs === 0) return snapshot;
    if (waitMs > 1_000)
      reporter.error("clock-behind", `the clock went back ${Math.round(waitMs / 1_000)} s: series wait for it`, {
        retryable: true,
      });
    refusedUntil = clock.monotonic() + Math.min(waitMs, intervalMs);
    return undefined;
  }

  function divide(snapshot: Snapshot, into: number): Snapshot[] {
    const halves = into > 1 ? init.split(snapshot) : undefined;
    return halves === undefined ? [snapshot] : halves.flatMap((half) => divide(half, into / 2));
  }

  /** Sends one part; gives the parts to send in its place, none where it was acknowledged, undefined where the newest snapshot has to be. */
  async function sendPart(part: Snapshot, controller: AbortController): Promise<readonly Snapshot[] | undefined> {
    const begun = clock.monotonic();
    lanes.enter(LANE, begun);
    if (failures > 0) ledger.retries += 1;
    const { outcome, cause } = await init.attempt(part, failures + 1, controller);
    if (stopped) return undefined;
    if (outcome.kind === "retry")
      return fail(
        begun,
        outcome.reason ?? "the backend did not take them",
        clampRetryAfter(outcome.retryAfterMs),
        cause,
      );
    if (outcome.kind === "split" && outcome.because === "busy") {
      busyParts = Math.min(busyParts * 2, MAX_BUSY_PARTS);
      return fail(begun, outcome.reason ?? "the backend is busy", clampRetryAfter(outcome.retryAfterMs));
    }
    if (outcome.kind === "hold") {
      failures += 1;
      lanes.hold(LANE, outcome.reason, clock.monotonic());
      return undefined;
    }
    lanes.answered(LANE, begun, clock.monotonic());
    if (outcome.kind === "delivered") {
      order.acknowledged(part.time);
      return [];
    }
    const halves = outcome.kind === "split" ? init.split(part) : undefined;
    return halves ?? refuse(outcome.reason ?? "a single series is too large");
  }

  function fail(begun: number, reason: string, retryAfterMs: number, cause?: unknown): undefined {
    failures += 1;
    lanes.failed(LANE, begun, clock.monotonic(), retryAfterMs);
    reporter.error("send-failed", `${reason}; the series are sent again later`, { retryable: true, cause });
  }

  function refuse(reason: string): undefined {
    failures += 1;
    refusedUntil = clock.monotonic() + intervalMs;
    reporter.error("snapshot-rejected", `${reason}; the series are sent again in ${intervalMs / 1_000} s`);
  }

  function acknowledge(covered: number): void {
    failures = 0;
    refusedUntil = 0;
    ledger.delivered += covered - acknowledged;
    ledger.lastSuccess = clock.now();
    acknowledged = covered;
    oldest = later;
    for (const waiter of waiting) {
      if (waiter.upTo > covered) continue;
      waiting.delete(waiter);
      waiter.done();
    }
  }

  // Every interval sends all series, whether they changed or not: one that is not sent for five minutes is taken as gone.
  function onTick(): void {
    tick = clock.setTimeout(onTick, intervalMs);
    wanted = true;
    pump();
  }

  return {
    get failing() {
      return failures > 0;
    },
    get oldest() {
      return oldest;
    },
    added() {
      records += 1;
      if (later === undefined) {
        later = clock.monotonic();
        oldest ??= later;
        tick ??= clock.setTimeout(onTick, intervalMs);
      }
    },
    drain(done) {
      if (stopped || acknowledged === records) {
        done();
        return () => undefined;
      }
      const waiter = { upTo: records, done };
      waiting.add(waiter);
      wanted = true;
      pump();
      return () => void waiting.delete(waiter);
    },
    pump,
    stop() {
      stopped = true;
      oldest = undefined;
      tick?.cancel();
      timer?.cancel();
      flight?.abort();
      for (const { done } of waiting) done();
    },
  };
}
