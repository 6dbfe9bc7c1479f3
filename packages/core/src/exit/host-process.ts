// The parts of `process` that the end of a program needs. Runtimes without them have nothing to listen to.

/** A process that can be listened to. */
export interface HostProcess {
  readonly pid: number;
  prependListener(name: string, listener: (...args: never[]) => void): unknown;
  off(name: string, listener: (...args: never[]) => void): unknown;
  listeners(name: string): readonly unknown[];
  kill(pid: number, signal: string): unknown;
  exit(code: number): unknown;
  readonly getBuiltinModule?: (name: string) => unknown;
}

const METHODS = ["prependListener", "off", "listeners", "kill", "exit"] as const satisfies (keyof HostProcess)[];

/** Returns the process of this thread; undefined where there is none. */
export function hostProcess(): HostProcess | undefined {
  const { process } = globalThis as unknown as { readonly process?: Partial<HostProcess> };
  return process !== undefined && METHODS.every((method) => typeof process[method] === "function")
    ? (process as HostProcess)
    : undefined;
}

/** Returns whether this thread is a worker thread, which never receives a signal. */
export function isWorkerThread(host: HostProcess): boolean {
  const threads = builtin(host, "node:worker_threads") as { readonly isMainThread?: boolean } | undefined;
  return threads?.isMainThread === false;
}

/** Returns the number of a signal: a process that a signal ended has 128 more as its exit code in a shell. */
export function signalNumber(host: HostProcess, signal: string): number {
  const os = builtin(host, "node:os") as
    | { readonly constants?: { readonly signals?: Readonly<Record<string, number>> } }
    | undefined;
  return os?.constants?.signals?.[signal] ?? (signal === "SIGINT" ? 2 : 15);
}

// Where versions of the package keep the number of their listeners.
const SIGNAL_EXIT_4 = Symbol.for("signal-exit emitter");
const SIGNAL_EXIT_3 = "__signal_exit_emitter__";

/**
 * Returns how many listeners for a signal belong to the package `signal-exit`. It raises the signal again itself once it
 * counts no other listener, so it does not handle the signal.
 */
export function signalExitListeners(host: HostProcess, signal: string): number {
  // It listens to every signal that closeOnExit takes, except for these.
  if (signal === "SIGUSR1" || signal === "SIGBREAK") return 0;
  const emitters = [
    (globalThis as { readonly [name: symbol]: unknown })[SIGNAL_EXIT_4],
    (host as { readonly [SIGNAL_EXIT_3]?: unknown })[SIGNAL_EXIT_3],
  ];
  return emitters.reduce<number>((sum, emitter) => sum + countOf(emitter), 0);
}

function countOf(emitter: unknown): number {
  const { count } = (emitter ?? {}) as { readonly count?: unknown };
  return typeof count === "number" ? count : 0;
}

/** Writes to standard error before it returns. Never throws. */
export function writeToStderr(host: HostProcess, text: string): void {
  try {
    const fs = builtin(host, "node:fs") as { writeSync?(fd: number, text: string): unknown } | undefined;
    fs?.writeSync?.(2, text);
  } catch {
    // A closed pipe must not change the exit code of the program.
  }
}

function builtin(host: HostProcess, name: string): unknown {
  try {
    return host.getBuiltinModule?.(name);
  } catch {
    return undefined;
  }
}
