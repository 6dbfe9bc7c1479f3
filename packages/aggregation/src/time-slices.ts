// Long work in slices: the event loop is held for a few milliseconds at a time, and works of one process take turns.

/** Limits of a slice. */
export interface SliceOptions {
  /**
   * How long the event loop is held at a time, in milliseconds. The step under way ends first, so a step should take far
   * less; garbage collection comes on top. @default 3
   */
  readonly sliceMs?: number | undefined;
  /** Lets everything else in the process run between two slices. @default one turn of the event loop by `setImmediate` */
  readonly pause?: (() => Promise<unknown>) | undefined;
}

/** Settles when the newest work so far is done. */
let newest: Promise<unknown> = Promise.resolve();

/** When the current slice began, in milliseconds; undefined once others have run since the last slice. */
let sliceBegan: number | undefined;

/**
 * Runs work that yields after each step: in slices of about 3 ms, and one work of this process after the other, so that many
 * works at once hold the event loop no longer than one. Resolves to what the work returns and rejects with what it throws.
 */
export function runInSlices<Result>(
  work: () => Generator<void, Result>,
  { sliceMs = 3, pause = nextTurn }: SliceOptions = {},
): Promise<Result> {
  const done = newest.then(() => runSteps(work(), sliceMs, pause));
  newest = done.then(endSliceSoon, endSliceSoon);
  return done;
}

async function runSteps<Result>(
  steps: Generator<void, Result>,
  sliceMs: number,
  pause: () => Promise<unknown>,
): Promise<Result> {
  // A work that begins within the slice of an earlier one uses what is left of it.
  let isFirstOfSlice = sliceBegan === undefined;
  for (;;) {
    sliceBegan ??= performance.now();
    if (!isFirstOfSlice && performance.now() - sliceBegan >= sliceMs) {
      // oxlint-disable-next-line no-await-in-loop -- slices follow one another
      await pause();
      sliceBegan = performance.now();
    }
    isFirstOfSlice = false;
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

function endSliceSoon(): void {
  void nextTurn().then(() => {
    sliceBegan = undefined;
  });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
