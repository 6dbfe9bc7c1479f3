// The parts of `process` that the end of a program needs. Runtimes without them have nothing to listen to.

/** A process that can be listened to. */
export interface HostProcess {
  readonly pid: number;
  on(name: string, listener: (...args: never[]) => void): unknown;
  prependListener(name: string, listener: (...args: never[]) => void): unknown;
  off(name: string, listener: (...args: never[]) => void): unknown;
  listeners(name: string): readonly unknown[];
  kill(pid: number, signal: string): unknown;
  exit(code: number): unknown;
  readonly getBuiltinModule?: (name: string) => unknown;
}

const METHODS = ["on", "prependListener", "off", "listeners", "kill", "exit"] as const satisfies (keyof HostProcess)[];

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
