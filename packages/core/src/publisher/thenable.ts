// Recognises promises of any kind, and waits for them safely.

/** Returns whether a value has to be waited for. Never throws. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  try {
    const mayHaveThen = (typeof value === "object" && value !== null) || typeof value === "function";
    return mayHaveThen && typeof (value as { then?: unknown }).then === "function";
  } catch {
    return false;
  }
}

/**
 * Returns a promise of the runtime that settles as `thenable` does. A foreign `then` can throw, call both of its callbacks, or
 * call them at once and several times: this promise settles once, and later than the call. Never throws.
 */
export function promiseOf(thenable: unknown): Promise<unknown> {
  return new Promise((resolve) => resolve(thenable));
}

/** Calls `onRejected`, once at most, if `thenable` rejects; without it, what it rejects with is ignored. Never throws. */
export function onRejection(thenable: unknown, onRejected: (cause: unknown) => void = () => undefined): void {
  void promiseOf(thenable).then(undefined, onRejected);
}
