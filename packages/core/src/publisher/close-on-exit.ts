// `closeOnExit`: closes a publisher when the program ends.
import { MAX_DELAY_MS, systemClock } from "../time/clock.ts";
import type { MetricsPublisher } from "./contract.ts";
import { checkOptions } from "../options/check-options.ts";
import { option } from "../options/option-rules.ts";
import { waitWithin } from "../time/wait.ts";
import { publisherRule } from "./describe-publisher.ts";

/** How much longer than its timeout a close may take, in milliseconds. */
const GRACE_MS = 50;

/** Options of `closeOnExit`. */
export interface CloseOnExitOptions {
  /** Signals that close the publisher too, such as `SIGTERM`; the process then ends as the signal would have ended it. @default none */
  readonly signals?: readonly string[] | undefined;
  /** Milliseconds that the close may hold the process. @default 5000 */
  readonly timeoutMs?: number | undefined;
}

interface ProcessLike {
  readonly pid: number;
  on(name: string, listener: () => void): unknown;
  off(name: string, listener: () => void): unknown;
  listenerCount(name: string): number;
  kill(pid: number, signal: string): unknown;
}

/**
 * Closes a publisher at the natural end of the program and, if asked, on signals. Opt-in: nothing else in this library listens to the process.
 * A signal that the program handles itself closes the publisher and leaves the rest to the program.
 * @returns undoes it. Does nothing where there is no process.
 */
export function closeOnExit(publisher: MetricsPublisher, options?: CloseOnExitOptions): () => void {
  checkOptions("closeOnExit", { publisher }, { publisher: option.required(publisherRule) });
  checkOptions("closeOnExit", options, {
    signals: option.list(
      option.string({
        pattern: /^SIG(?!KILL$|STOP$)[A-Z0-9]+$/,
        expected: "a signal that can be caught, such as SIGTERM",
      }),
    ),
    timeoutMs: option.integer(0, MAX_DELAY_MS),
  });
  const { process } = globalThis as { readonly process?: Partial<ProcessLike> };
  if (typeof process?.on !== "function" || typeof process.off !== "function") return () => undefined;
  const host = process as ProcessLike;
  const { signals = [], timeoutMs } = options ?? {};

  // The process ends whatever the publisher does: a close that throws, rejects or hangs is not waited for beyond its time.
  const close = (): Promise<unknown> => {
    const closed = Promise.resolve().then(() => publisher.close({ timeoutMs }));
    return waitWithin(closed, { timeoutMs }, systemClock, GRACE_MS);
  };
  const listeners = signals.map((signal) => {
    const listener = (): void => {
      void close().then(() => {
        undo();
        // Raised again only if the program has no listener of its own.
        if (host.listenerCount(signal) === 0) host.kill(host.pid, signal);
      });
    };
    return [signal, listener] as const;
  });
  const onExit = (): void => {
    // The close gives the loop something to do, so the event comes again when it is done.
    host.off("beforeExit", onExit);
    void close();
  };
  host.on("beforeExit", onExit);
  for (const [signal, listener] of listeners) host.on(signal, listener);

  function undo(): void {
    host.off("beforeExit", onExit);
    for (const [signal, listener] of listeners) host.off(signal, listener);
  }
  return undo;
}
