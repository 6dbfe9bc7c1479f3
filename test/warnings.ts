// Process warnings in tests: a test takes the ones that it expects, and any other one fails the run.
import process from "node:process";
import { setImmediate } from "node:timers/promises";

/** A process warning, with the code that `process.emitWarning` was given. */
export type ProcessWarning = Error & { readonly code?: string };

/** Name of the test that is running. */
let running: string | undefined;
/** Warnings of the running test that it did not take. */
let warnings: ProcessWarning[] = [];

/**
 * Returns the process warnings of the running test so far, oldest first, and clears them. A test that expects warnings
 * takes them and asserts on them. Waits a turn of the event loop, because Node.js emits a warning after the call.
 */
export async function takeWarnings(): Promise<readonly ProcessWarning[]> {
  await setImmediate();
  const taken = warnings;
  warnings = [];
  return taken;
}

/** Listens to warnings for the rest of this process, in place of the listener of Node.js that prints them. */
export function watchWarnings(): void {
  process.removeAllListeners("warning");
  process.on("warning", (warning: ProcessWarning) => {
    // Nothing can take a warning outside a test. The runner reports an uncaught exception with the name of the test file.
    if (running === undefined) throw unexpected("outside a test", [warning]);
    warnings.push(warning);
  });
}

/** Keeps warnings for a test from now on. */
export function beginTest(name: string): void {
  running = name;
}

/** Ends a test. Throws if there are warnings that it did not take. */
export async function endTest(): Promise<void> {
  const left = await takeWarnings();
  const name = running;
  running = undefined;
  if (left.length > 0) throw unexpected(`in "${name}"`, left);
}

function unexpected(where: string, unexpectedWarnings: readonly ProcessWarning[]): Error {
  const lines = unexpectedWarnings.map(
    ({ name, code, message }) => `  ${code === undefined ? "" : `[${code}] `}${name}: ${message}`,
  );
  const head = `unexpected process warning ${where}; a test that expects it calls takeWarnings()`;
  return new Error([head, ...lines].join("\n"), { cause: unexpectedWarnings[0] });
}
