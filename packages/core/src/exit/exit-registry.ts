// One set of listeners for the end of a process, shared by all publishers and all copies of this package.
import type { FlushReport, MetricsPublisher, WaitOptions } from "../publisher/contract.ts";
import { readHealth } from "../publisher/read-health.ts";
import { holdingTimers } from "../time/clock.ts";
import { lossLine } from "./loss-line.ts";
import { type HostProcess, signalExitListeners, signalNumber, writeToStderr } from "./host-process.ts";

/** A publisher that is closed when the process ends. */
export interface ExitEntry {
  readonly publisher: MetricsPublisher;
  readonly signals: readonly string[];
  readonly flush: () => Promise<unknown>;
  /** Closes the publisher within its time; the same promise on every call. Never rejects. */
  readonly close: (options?: WaitOptions) => Promise<FlushReport>;
}

/** The part of the registry that copies of this package use of each other. */
export interface ExitRegistry {
  add(entry: ExitEntry): void;
  remove(entry: ExitEntry): void;
}

const KEY = Symbol.for("eventmeter.exit.v1");

/** Returns the registry of this thread; the first copy of this package that asks for it creates it. */
export function exitRegistry(host: HostProcess): ExitRegistry {
  const shared = host as { [KEY]?: ExitRegistry };
  return (shared[KEY] ??= new ProcessExitRegistry(host));
}

/** How long a process may outlive a signal that was raised again, in milliseconds: PID 1 of a container ignores it. */
const SIGNAL_GRACE_MS = 100;

class ProcessExitRegistry implements ExitRegistry {
  readonly #host: HostProcess;
  readonly #entries = new Set<ExitEntry>();
  readonly #signalListeners = new Map<string, () => void>();
  /** Signals from which the program removed a listener just now. */
  readonly #removals = new Set<string>();
  #isClosing = false;
  #hasWaited = false;
  /** Identifies the end that began with a signal. */
  #ending: object | undefined;

  constructor(host: HostProcess) {
    this.#host = host;
  }

  add(entry: ExitEntry): void {
    this.#forgetClosed();
    this.#entries.add(entry);
    this.#listen();
  }

  remove(entry: ExitEntry): void {
    this.#entries.delete(entry);
    this.#listen();
  }

  /** Forgets publishers that the program closed itself. */
  #forgetClosed(): void {
    for (const entry of this.#entries) {
      if (readHealth(entry.publisher)?.state !== "closed") continue;
      this.#entries.delete(entry);
      // Gives the report to those who wait for it.
      void entry.close();
    }
  }

  /** Listens to exactly what the entries need, also where the program removed all listeners. */
  #listen(): void {
    const isNeeded = this.#entries.size > 0;
    this.#attach("beforeExit", this.#onBeforeExit, isNeeded);
    this.#attach("exit", this.#onExit, isNeeded);
    this.#attach("removeListener", this.#onRemoveListener, isNeeded);
    const wanted = new Set([...this.#entries].flatMap(({ signals }) => signals));
    for (const signal of wanted)
      if (!this.#signalListeners.has(signal)) this.#signalListeners.set(signal, () => this.#onSignal(signal));
    for (const [signal, listener] of this.#signalListeners) {
      const isWanted = wanted.has(signal);
      if (!isWanted) this.#signalListeners.delete(signal);
      this.#attach(signal, listener, isWanted);
    }
  }

  /** Adds a listener before all others, because an earlier one that throws or calls process.exit() would prevent it. */
  #attach(name: string, listener: (...args: never[]) => void, isWanted: boolean): void {
    if (this.#host.listeners(name).includes(listener) === isWanted) return;
    if (isWanted) this.#host.prependListener(name, listener);
    else this.#host.off(name, listener);
  }

  /** Remembers listeners that are gone when ours is called: those of `once`, and those that remove themselves or others. */
  readonly #onRemoveListener = (name: unknown, removed: unknown): void => {
    const signal = name as string;
    const own = this.#signalListeners.get(signal);
    if (own === undefined) return;
    if (removed !== own) this.#removals.add(signal);
    // All listeners for a signal are called before this runs. The program may have removed ours too.
    void Promise.resolve().then(() => {
      this.#removals.delete(signal);
      this.#listen();
    });
  };

  readonly #onBeforeExit = (): void => {
    // Closing and waiting give the event loop something to do, so the event comes again when it is done.
    if (this.#isClosing) return;
    // Listeners of the program may begin work that publishes; that work is over when the event comes again.
    const isWaiting = !this.#hasWaited && this.#host.listeners("beforeExit").length > 1;
    this.#hasWaited = true;
    void (isWaiting ? nextTurn() : this.#closeAll());
  };

  readonly #onExit = (): void => {
    const line = lossLine([...this.#entries].map(({ publisher }) => publisher));
    if (line !== undefined) writeToStderr(this.#host, line);
  };

  #onSignal(signal: string): void {
    if (this.#programHandles(signal)) {
      for (const { flush } of this.#entries) void flush();
    } else if (this.#ending === undefined) {
      void this.#end(signal);
    } else {
      this.#raise(signal);
    }
  }

  #programHandles(signal: string): boolean {
    const own = this.#signalListeners.get(signal);
    const others = this.#host.listeners(signal).filter((other) => other !== own);
    return this.#removals.has(signal) || others.length > signalExitListeners(this.#host, signal);
  }

  async #end(signal: string): Promise<void> {
    const ending = (this.#ending = {});
    await this.#closeAll();
    if (this.#ending === ending) this.#raise(signal);
  }

  async #closeAll(): Promise<void> {
    this.#isClosing = true;
    await Promise.all([...this.#entries].map(({ close }) => close()));
    // Process warnings are written in this turn.
    await nextTurn();
    this.#isClosing = false;
  }

  /** Lets a signal have the effect that it would have without this package. */
  #raise(signal: string): void {
    this.#ending = undefined;
    // A raised signal that ends the process emits no `exit`.
    this.#onExit();
    this.#entries.clear();
    this.#listen();
    const host = this.#host;
    // Still there after this time: the kernel ignores a signal without a listener if it is sent to PID 1. A program that
    // began to listen while the publishers were closed is not ended.
    if (!this.#programHandles(signal))
      holdingTimers.setTimeout(() => host.exit(128 + signalNumber(host, signal)), SIGNAL_GRACE_MS);
    try {
      host.kill(host.pid, signal);
    } catch {
      // Windows cannot send every signal that it receives: the timer ends the process.
    }
  }
}

/** Waits for a turn of the event loop, which holds the process. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    holdingTimers.setTimeout(resolve, 0);
  });
}
