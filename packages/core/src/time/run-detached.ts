// `runDetached`: runs background work outside of the AsyncLocalStorage contexts of the caller that happens to begin it.

interface AsyncHooks {
  readonly AsyncLocalStorage?: { readonly snapshot?: () => <Result>(run: () => Result) => Result };
}

interface Host {
  readonly process?: { readonly getBuiltinModule?: (name: string) => unknown };
}

const runInOwnContext = takeSnapshot();

/**
 * Calls `run` and returns what it returns, in the context in which this package was loaded: timers, promises and sockets that
 * `run` creates see none of the caller's AsyncLocalStorage stores, and keep none of them in memory. A plain call where there is
 * no AsyncLocalStorage, for example in a browser. Call it when work begins, not for each record: it takes about 0.2
 * microseconds.
 *
 * If this package is first loaded inside a request, the stores of that request are kept.
 */
export function runDetached<Result>(run: () => Result): Result {
  return runInOwnContext === undefined ? run() : runInOwnContext(run);
}

function takeSnapshot(): (<Result>(run: () => Result) => Result) | undefined {
  try {
    const { process } = globalThis as unknown as Host;
    const hooks = process?.getBuiltinModule?.("node:async_hooks") as AsyncHooks | undefined;
    return hooks?.AsyncLocalStorage?.snapshot?.();
  } catch {
    // A runtime that has a part of this only.
    return undefined;
  }
}
