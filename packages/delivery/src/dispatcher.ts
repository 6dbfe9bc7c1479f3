import type { Clock } from "@eventmeter/core";
import { isThenable, type Ledger, type Reporter } from "@eventmeter/core/publisher";
import { type Attempt, attempt, type Send } from "./attempt.ts";
import type { Batch } from "./batch.ts";
import type { BatchStore, KeptBatch } from "./batch-store.ts";
import { createGate } from "./gate.ts";
import { createLanes } from "./lanes.ts";
import type { Losses } from "./losses.ts";
import type { ResolvedDelivery } from "./options.ts";
import { type Outcome, readOutcome } from "./outcome.ts";
import type { Queued } from "./lane-queue.ts";
import type { Queue } from "./queue.ts";
import { retryDelay } from "./retry-delay.ts";
import type { BatchMaker } from "./sealed-batch.ts";
import type { SizeLimits } from "./size-limits.ts";
import { judge, type Verdict } from "./verdict.ts";

/** What the dispatcher works with. */
export interface DispatcherInit {
  readonly options: ResolvedDelivery;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly reporter: Reporter;
  readonly queue: Queue;
  readonly store: BatchStore;
  readonly maker: BatchMaker;
  readonly limits: SizeLimits;
  readonly send: Send;
  /** Whether anything may be sent yet. */
  readonly ready: () => boolean;
  readonly losses: Losses;
}

/** Sends what the queue holds, as fast as the backend takes it and no faster. */
export interface Dispatcher {
  /** Whether the backend, or a lane, refuses at present. */
  readonly failing: boolean;
  /** Whether a lane is held. */
  isHeld(lane: string): boolean;
  /** Pumps soon; called whenever something changed. */
  wake(): void;
  /** Begins to send what may be sent now, and gives up what is too old. */
  pump(): void;
  /** Aborts what is in flight and sends nothing more. */
  stop(): void;
}

interface Flight {
  readonly queued: Queued;
  readonly batch: Batch;
  /** What the gate knows the attempt by. */
  readonly ticket: number;
  /** When it began, on the monotonic clock. */
  readonly begun: number;
}

/** Makes a dispatcher that has sent nothing yet. */
export function createDispatcher(init: DispatcherInit): Dispatcher {
  const { options, clock, ledger, reporter, queue, store, maker, limits, losses } = init;
  const gate = createGate();
  const lanes = createLanes(reporter);
  const flights = new Set<AbortController>();
  let timer: { cancel(): void } | undefined;
  let timerDue = Infinity;
  let awake = false;
  let stopped = false;

  // Later than the call: what is sent or given up never runs inside a publish, however many batches it seals.
  function wake(): void {
    if (awake) return;
    awake = true;
    queueMicrotask(pump);
  }

  function pump(): void {
    awake = false;
    if (stopped) return;
    const now = clock.monotonic();
    expire(now);
    const admits = (lane: string): boolean => lanes.admits(lane, now);
    while (init.ready() && flights.size < options.concurrency && gate.admits(now, flights.size)) {
      const queued = queue.depart({ now, admits, failures: lanes.failures, probing: gate.failures > 0 });
      if (queued === undefined) break;
      const { lane, count, bytes } = queued.kept;
      const work = count > 1 && bytes > limits.of(lane) ? recut(queued) : fly(queued, now);
      work.catch((cause: unknown) => mishap(queued, now, cause));
    }
    if (lanes.any) lanes.forget(queue.hasLane, now);
    arm(now);
  }

  async function fly(queued: Queued, begun: number): Promise<void> {
    const controller = new AbortController();
    const ticket = gate.enter();
    queued.attempts += 1;
    if (queued.attempts > 1) ledger.retries += 1;
    flights.add(controller);
    lanes.enter(queued.kept.lane, begun);
    try {
      // Sending begins after the publish that filled the batch has returned.
      const batch = await store.load(queued.kept);
      if (stopped) return;
      const read = (given: unknown): Outcome => readOutcome(given, batch.count);
      const made = await attempt((context) => init.send(batch, context), read, {
        controller,
        attempt: queued.attempts,
        timeoutMs: options.sendTimeoutMs,
        clock,
        report: reporter,
      });
      if (stopped) return;
      flights.delete(controller);
      await apply({ queued, batch, ticket, begun }, made);
    } finally {
      flights.delete(controller);
    }
    wake();
  }

  async function apply({ queued, batch, ticket, begun }: Flight, { outcome, cause }: Attempt<Outcome>): Promise<void> {
    const verdict = judge(outcome, batch.count);
    const { again, backOff, retryAfterMs, hold } = verdict;
    const now = clock.monotonic();
    // One draw for the backend and the batch: waiting for the later of two would bring clients together late in the window.
    const share = Math.random();
    if (backOff === "backend") gate.failed(ticket, now, retryAfterMs, share);
    else gate.answered(ticket);
    if (hold !== undefined) lanes.hold(batch.lane, hold, now);
    else if (backOff !== "backend" || verdict.delivered > 0) lanes.answered(batch.lane, begun, now);
    else lanes.failed(batch.lane, begun, now, retryAfterMs, share);
    if (verdict.tooLarge) limits.tooLarge(batch.lane, batch.bytes);
    else if (verdict.delivered > 0) limits.taken(batch.lane, batch.bytes);
    if (backOff !== "none") report(batch.count, verdict, cause);

    const notBefore = backOff === "none" ? 0 : now + retryDelay(queued.attempts, retryAfterMs, share);
    if (again === "all") {
      queue.delay(queued, notBefore);
      return;
    }
    // Halves of a batch that was no trouble but its size are other requests; all else waits longer each time.
    const attempts = backOff === "none" && again === "halves" ? 0 : queued.attempts;
    const made = partsOf(batch, again);
    const replaced = made.length === 0 ? [] : store.replace(queued.kept, made);
    const parts = isThenable(replaced) ? await replaced : replaced;
    // Nothing is awaited from here on: a close in between has counted the whole batch.
    if (stopped) return;
    exchange(queued, parts, { attempts, notBefore });
    ledger.delivered += verdict.delivered;
    if (verdict.delivered > 0) ledger.lastSuccess = clock.now();
    const { records, offsets } = batch;
    for (const { position, because, reason } of verdict.givenUp)
      losses.record(because, reason, () => records.slice(offsets[position], offsets[position + 1]));
  }

  function report(count: number, { again, reason }: Verdict, cause: unknown): void {
    const left = typeof again === "string" ? count : again.length;
    const whole = count === 1 ? "1 record" : `${count} records`;
    const kept = left === count ? whole : `${left} of ${whole}`;
    reporter.error("send-failed", `${reason}; ${kept} kept for a retry`, { retryable: true, cause });
  }

  function exchange(
    queued: Queued,
    parts: readonly KeptBatch[],
    history: Pick<Queued, "attempts" | "notBefore">,
  ): void {
    const { receivedAt, epoch, order, kept } = queued;
    for (const part of parts) queue.add(part, { receivedAt, epoch, order, ...history });
    queue.remove(queued);
    if (parts.length === 0) store.forget(kept);
  }

  function partsOf(batch: Batch, again: "halves" | readonly number[]): Batch[] {
    const now = clock.now();
    if (again !== "halves") return again.length === 0 ? [] : [maker.pick(batch, again, now)];
    const middle = Math.ceil(batch.count / 2);
    return [maker.slice(batch, 0, middle, now), maker.slice(batch, middle, batch.count, now)];
  }

  /** Cuts a batch that was sealed before its lane was known to take less. */
  async function recut(queued: Queued): Promise<void> {
    const { attempts, notBefore } = queued;
    // It takes the place of a request, so that no more batches are in parts at a time than may be in flight.
    const place = new AbortController();
    flights.add(place);
    try {
      const batch = await store.load(queued.kept);
      if (stopped) return;
      const replaced = store.replace(queued.kept, maker.fit(batch, limits.of(batch.lane), clock.now()));
      const parts = isThenable(replaced) ? await replaced : replaced;
      // Nothing is awaited from here on, as above.
      if (stopped) return;
      exchange(queued, parts, { attempts, notBefore });
    } finally {
      flights.delete(place);
    }
    wake();
  }

  /** What only a store can cause: the batch stays, and is tried again later. */
  function mishap(queued: Queued, begun: number, cause: unknown): void {
    if (stopped) return;
    const now = clock.monotonic();
    queue.delay(queued, now + retryDelay(Math.max(queued.attempts, 1)));
    lanes.failed(queued.kept.lane, begun, now, 0);
    reporter.error("send-failed", "a batch could not be read or written", { retryable: true, cause });
    wake();
  }

  function expire(now: number): void {
    for (const queued of queue.expired(now, options.maxAgeMs)) {
      // A handler that hears of the one before may publish, which makes room of others or lets them go.
      if (queued.inFlight || !queue.remove(queued)) continue;
      losses.batch(queued.kept, "expired", `it is older than ${options.maxAgeMs / 60_000} minutes`);
    }
  }

  // One timer for everything that waits: the backend's back-off, a lane's or a batch's own, old age.
  function arm(now: number): void {
    let due = queue.size === 0 ? Infinity : Math.min(queue.nextDue(now, options.maxAgeMs), lanes.nextDue(now));
    if (queue.size > 0 && gate.opensAt > now) due = Math.min(due, gate.opensAt);
    if (due === timerDue) return;
    timer?.cancel();
    timerDue = due;
    timer = due === Infinity ? undefined : clock.setTimeout(onTimer, Math.max(Math.ceil(due - now), 0));
  }

  function onTimer(): void {
    timer = undefined;
    timerDue = Infinity;
    pump();
  }

  return {
    get failing() {
      return gate.failures > 0 || lanes.any;
    },
    isHeld: lanes.isHeld,
    wake,
    pump,
    stop() {
      stopped = true;
      timer?.cancel();
      for (const controller of flights) controller.abort();
    },
  };
}
