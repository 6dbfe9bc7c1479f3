// Process warnings during a part of one conformance case.
import { hostProcess } from "./host-process.ts";

/** A process warning, with the code that `process.emitWarning` was given. */
export type ProcessWarning = Error & { readonly code?: string };

/**
 * Collects process warnings until it is stopped. Warnings of the publishers under test are kept from the other listeners,
 * so that neither Node.js prints them nor a test runner takes them for a failure; all others are passed on.
 */
export class WarningCollector {
  readonly warnings: ProcessWarning[] = [];
  readonly #isExpected: (warning: ProcessWarning) => boolean;
  readonly #otherListeners = hostProcess.rawListeners("warning");

  /** @param isExpected whether a warning comes from a publisher under test */
  constructor(isExpected: (warning: ProcessWarning) => boolean) {
    this.#isExpected = isExpected;
    hostProcess.removeAllListeners("warning");
    hostProcess.on("warning", this.#onWarning);
  }

  /** Gives the warnings back to the other listeners. */
  stop(): void {
    hostProcess.off("warning", this.#onWarning);
    for (const listener of this.#otherListeners) hostProcess.on("warning", listener as (warning: Error) => void);
  }

  readonly #onWarning = (warning: ProcessWarning): void => {
    this.warnings.push(warning);
    if (this.#isExpected(warning)) return;
    for (const listener of this.#otherListeners) listener.call(hostProcess, warning);
  };
}
