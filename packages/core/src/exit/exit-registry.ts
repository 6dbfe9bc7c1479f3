// One set of listeners for the end of a process, shared by all publishers and all copies of this package.
import type { FlushReport, MetricsPublisher, WaitOptions } from "../publisher/contract.ts";
import { readHealth } from "../publisher/read-health.ts";
import { holdingTimers } from "../time/clock.ts";
import { lossLine } from "./loss-line.ts";
import { type HostProcess, signalNumber, writeToStderr } from "./host-process.ts";

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
  #isListening = false;
  #isClosing = false;
  #isEnding = false;

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
    for (const entry of this.#entries) if (readHealth(entry.publisher)?.state === "closed") this.#entries.delete(entry);
  }

  /** Listens to exactly what the entries need. */
  #listen(): void {
    const isNeeded = this.#entries.size > 0;
    if (isNeeded && !this.#isListening) {
      this.#host.on("beforeExit", this.#onBeforeExit);
      // First, because an earlier listener that throws or calls process.exit() would prevent it.
      this.#host.prependListener("exit", this.#onExit);
      this.#host.on("newListener", this.#onNewListener);
    } else if (!isNeeded && this.#isListening) {
      this.#host.off("beforeExit", this.#onBeforeExit);
      this.#host.off("exit", this.#onExit);
      this.#host.off("newListener", this.#onNewListener);
    }
    this.#isListening = isNeeded;
    const wanted = new Set([...this.#entries].flatMap(({ signals }) => signals));
    for (const signal of wanted) if (!this.#signalListeners.has(signal)) this.#listenTo(signal);
    for (const signal of this.#signalListeners.keys()) if (!wanted.has(signal)) this.#ignore(signal);
  }

  #listenTo(signal: string): void {
    const listener = (): void => this.#onSignal(signal);
    this.#signalListeners.set(signal, listener);
    // First, so that it counts the program's listeners before a `once` removes itself.
    this.#host.prependListener(signal, listener);
  }

  #ignore(signal: string): void {
    const listener = this.#signalListeners.get(signal);
    this.#signalListeners.delete(signal);
    if (listener !== undefined) this.#host.off(signal, listener);
  }

  /** Moves to the front again after another listener was added there. */
  readonly #onNewListener = (name: unknown, added: unknown): void => {
    const listener = typeof name === "string" ? this.#signalListeners.get(name) : undefined;
    if (listener === undefined || added === listener) return;
    void Promise.resolve().then(() => {
      const signal = name as string;
      if (this.#signalListeners.get(signal) !== listener || this.#host.listeners(signal)[0] === listener) return;
      this.#host.off(signal, listener);
      this.#host.prependListener(signal, listener);
    });
  };

  readonly #onBeforeExit = (): void => {
    // Closing gives the event loop something to do, so the event comes again when it is done.
    if (!this.#isClosing) void this.#closeAll();
  };

  readonly #onExit = (): void => {
    const line = lossLine([...this.#entries].map(({ publisher }) => publisher));
    if (line !== undefined) writeToStderr(this.#host, line);
  };

  #onSignal(signal: string): void {
    if (this.#isEnding) return this.#raise(signal);
    if (this.#programHandles(signal)) {
      for (const { flush } of this.#entries) void flush();
      return;
    }
    this.#isEnding = true;
    void this.#closeAll().then(() => this.#raise(signal));
  }

  #programHandles(signal: string): boolean {
    const others = this.#host.listeners(signal).filter((other) => other !== this.#signalListeners.get(signal));
    return others.length > signalExitListeners();
  }

  async #closeAll(): Promise<void> {
    this.#isClosing = true;
    await Promise.all([...this.#entries].map(({ close }) => close()));
    // A turn of the event loop, in which process warnings are written.
    await new Promise<void>((resolve) => {
      holdingTimers.setTimeout(resolve, 0);
    });
    this.#isClosing = false;
  }

  /** Lets a signal have the effect that it would have without this package. */
  #raise(signal: string): void {
    // A raised signal that ends the process emits no `exit`.
    this.#onExit();
    this.#entries.clear();
    this.#listen();
    const host = this.#host;
    // Still there after this time: the kernel ignores a signal without a listener if it is sent to PID 1.
    holdingTimers.setTimeout(() => host.exit(128 + signalNumber(host, signal)), SIGNAL_GRACE_MS);
    host.kill(host.pid, signal);
  }
}

/** Listeners of the package `signal-exit`, which raises a signal again itself once no other listener is left. */
function signalExitListeners(): number {
  const emitter = (globalThis as { readonly [key: symbol]: unknown })[Symbol.for("signal-exit emitter")];
  const { count } = (emitter ?? {}) as { readonly count?: unknown };
  return typeof count === "number" ? count : 0;
}
