// Harness of one conformance case: publishers under test on a virtual clock, and everything that they reported.
import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";
import type { Clock, CommonOptions, Diagnostic, MetricsPublisher, PublisherError } from "@eventmeter/core";
import { createVirtualClock, type VirtualClock } from "../virtual-clock.ts";
import type { CreatePublisher } from "./conformance-options.ts";
import { hostProcess } from "./host-process.ts";
import { type ProcessWarning, WarningCollector } from "./warning-collector.ts";

const READY_MS = 100;
const PACE_MS = 10;
const FAST_STEP_MS = 100;
const PACED_UP_TO_MS = 1_000;
const SLACK_MS = 1_000;

/** Thrown where a publisher breaks the rule of the case. */
export class BrokenRule extends Error {}

/** Everything that one case works with. */
export class Harness {
  readonly clock: VirtualClock = createVirtualClock();
  /** What onError got. */
  readonly errors: PublisherError[] = [];
  /** What onDiagnostic got. */
  readonly diagnostics: Diagnostic[] = [];
  /** Rejections that nobody handled since the harness was created. */
  readonly rejections: unknown[] = [];
  readonly #createPublisher: CreatePublisher;
  readonly #publishers: MetricsPublisher[] = [];
  readonly #countedClock: Clock;
  #clockReads = 0;
  #warnings: WarningCollector | undefined;

  constructor(createPublisher: CreatePublisher) {
    this.#createPublisher = createPublisher;
    this.#countedClock = {
      now: () => this.#countRead(this.clock.now()),
      monotonic: () => this.#countRead(this.clock.monotonic()),
      setTimeout: (run, ms) => this.clock.setTimeout(run, ms),
    };
    hostProcess.on("unhandledRejection", this.#onRejection);
  }

  /** How often publishers asked the clock for the time. */
  get clockReads(): number {
    return this.#clockReads;
  }

  /** Creates a publisher on the clock and handlers of this harness; `options` take precedence over them. */
  create(options?: CommonOptions): Promise<MetricsPublisher> {
    return this.createWith({
      clock: this.#countedClock,
      onError: (error) => void this.errors.push(error),
      onDiagnostic: (diagnostic) => void this.diagnostics.push(diagnostic),
      ...options,
    });
  }

  /** Creates a publisher with exactly these options. */
  async createWith(options: CommonOptions): Promise<MetricsPublisher> {
    const publisher = await this.#createPublisher(options);
    this.#publishers.push(publisher);
    return publisher;
  }

  /** Returns the process warnings from now on; those of publishers under test reach no other listener until the case ends. */
  collectWarnings(): readonly ProcessWarning[] {
    this.#warnings ??= new WarningCollector(
      ({ name, message }) =>
        name === "EventmeterWarning" || this.#publishers.some((publisher) => message.startsWith(`${publisher.name}:`)),
    );
    return this.#warnings.warnings;
  }

  /** Throws a `BrokenRule` unless `condition` holds. @param seen what was seen instead */
  require(condition: boolean, seen: string): asserts condition {
    if (!condition) throw new BrokenRule(seen);
  }

  /** Waits for a promise: first for real work, then by letting virtual time pass. @param withinMs how long it may take on either clock */
  async wait<Value>(promise: Promise<Value>, what: string, withinMs = 5_000): Promise<Value> {
    this.require(await this.#settles(promise, withinMs), `${what} did not settle within ${withinMs} ms`);
    return promise;
  }

  /** Lets everything that is ready run. */
  async turn(): Promise<void> {
    for (let count = 0; count < 3; count += 1) await setImmediate();
  }

  /** Closes the publishers and stops listening to the process. Never rejects. */
  async end(): Promise<void> {
    for (const publisher of this.#publishers) {
      try {
        await this.#settles(publisher.close({ timeoutMs: 50 }), 50);
      } catch {
        // The case has already reported what is wrong.
      }
    }
    this.#warnings?.stop();
    hostProcess.off("unhandledRejection", this.#onRejection);
  }

  readonly #onRejection = (reason: unknown): void => void this.rejections.push(reason);

  #countRead(time: number): number {
    this.#clockReads += 1;
    return time;
  }

  /** Returns whether a promise settles in time, on the slower of both clocks. */
  async #settles(promise: Promise<unknown>, withinMs: number): Promise<boolean> {
    const settled = { done: false };
    const note = (): void => void (settled.done = true);
    promise.then(note, note);
    const begun = performance.now();
    const begunVirtually = this.clock.monotonic();
    const limit = withinMs + SLACK_MS;
    const isOver = (): boolean => performance.now() - begun > limit && this.clock.monotonic() - begunVirtually > limit;
    // At the pace of real time a short timeout is measured on whichever clock the publisher waits by; a long one need not
    // be waited for.
    const stepMs = withinMs <= PACED_UP_TO_MS ? PACE_MS : FAST_STEP_MS;
    // Real work goes first: virtual time passes only when nothing comes of waiting.
    for (let until = begun + READY_MS; ; until = performance.now() + PACE_MS) {
      while (!settled.done && performance.now() < until) await setImmediate();
      if (settled.done || isOver()) return settled.done;
      await this.clock.advance(stepMs);
    }
  }
}
