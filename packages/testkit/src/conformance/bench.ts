import { performance } from "node:perf_hooks";
import process from "node:process";
import { setImmediate } from "node:timers/promises";
import type { CommonOptions, Diagnostic, MetricsPublisher, PublisherError } from "@eventmeter/core";
import type { CreatePublisher } from "./case.ts";
import { createVirtualClock, type VirtualClock } from "../virtual-clock.ts";

const READY_MS = 100;
const PACE_MS = 10;
const FAST_STEP_MS = 100;
const PACED_UP_TO_MS = 1_000;
const SLACK_MS = 1_000;

/** What a case has found. */
export class BrokenRule extends Error {}

/** Everything that one case works with. */
export interface Bench {
  readonly clock: VirtualClock;
  /** How often the publisher asked the clock for the time. */
  readonly clockReads: number;
  /** What onError got. */
  readonly errors: readonly PublisherError[];
  /** What onDiagnostic got. */
  readonly diagnostics: readonly Diagnostic[];
  /** Rejections that nobody handled since the bench was opened. */
  readonly rejections: readonly unknown[];
  /** Makes a publisher on this bench's clock and handlers; `options` go over them. */
  create(options?: CommonOptions): Promise<MetricsPublisher>;
  /** Makes one with exactly these options. */
  createWith(options: CommonOptions): Promise<MetricsPublisher>;
  /** Breaks the rule unless `condition` holds. @param seen what was seen instead */
  require(condition: boolean, seen: string): asserts condition;
  /** Waits for a promise: first for real work, then by letting virtual time pass. @param withinMs how long it may take on either clock */
  wait<Value>(promise: Promise<Value>, what: string, withinMs?: number): Promise<Value>;
  /** Lets everything that is ready run. */
  turn(): Promise<void>;
  isBroken(caught: unknown): caught is BrokenRule;
  /** Closes what was made. Never rejects. */
  end(): Promise<void>;
}

/** Opens a bench over `create`. */
export function openBench(create: CreatePublisher): Bench {
  const time = createVirtualClock();
  const made: MetricsPublisher[] = [];
  const errors: PublisherError[] = [];
  const diagnostics: Diagnostic[] = [];
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): void => void rejections.push(reason);
  let clockReads = 0;
  const counted = (read: () => number) => (): number => {
    clockReads += 1;
    return read();
  };
  const clock = {
    now: counted(() => time.now()),
    monotonic: counted(() => time.monotonic()),
    setTimeout: (run: () => void, ms: number) => time.setTimeout(run, ms),
  };
  process.on("unhandledRejection", onRejection);

  async function createWith(options: CommonOptions): Promise<MetricsPublisher> {
    const publisher = await create(options);
    made.push(publisher);
    return publisher;
  }

  async function turn(): Promise<void> {
    for (let count = 0; count < 3; count += 1) await setImmediate();
  }

  async function ended(promise: Promise<unknown>, withinMs: number): Promise<boolean> {
    const settled = { done: false };
    const note = (): void => void (settled.done = true);
    promise.then(note, note);
    const begun = performance.now();
    const virtually = time.monotonic();
    const limit = withinMs + SLACK_MS;
    // At the pace of real time a short timeout is judged on whichever clock the publisher waits by; a long one need not be lived through.
    const stepMs = withinMs <= PACED_UP_TO_MS ? PACE_MS : FAST_STEP_MS;
    // Real work goes first: virtual time passes only when nothing comes of waiting.
    for (let until = begun + READY_MS; ; until = performance.now() + PACE_MS) {
      while (!settled.done && performance.now() < until) await setImmediate();
      if (settled.done || (performance.now() - begun > limit && time.monotonic() - virtually > limit)) break;
      await time.advance(stepMs);
    }
    return settled.done;
  }

  const bench: Bench = {
    clock: time,
    errors,
    diagnostics,
    rejections,
    get clockReads() {
      return clockReads;
    },
    createWith,
    create: (options) =>
      createWith({
        clock,
        onError: (error) => void errors.push(error),
        onDiagnostic: (news) => void diagnostics.push(news),
        ...options,
      }),
    require(condition, seen) {
      if (!condition) throw new BrokenRule(seen);
    },
    async wait(promise, what, withinMs = 5_000) {
      bench.require(await ended(promise, withinMs), `${what} did not settle within ${withinMs} ms`);
      return promise;
    },
    turn,
    isBroken: (caught): caught is BrokenRule => caught instanceof BrokenRule,
    async end() {
      for (const publisher of made) {
        try {
          await ended(publisher.close({ timeoutMs: 50 }), 50);
        } catch {
          // The case has already said what is wrong.
        }
      }
      process.off("unhandledRejection", onRejection);
    },
  };
  return bench;
}
