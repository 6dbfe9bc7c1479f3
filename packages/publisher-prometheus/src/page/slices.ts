import { setImmediate } from "node:timers/promises";

/** How work is cut into slices. */
export interface SliceOptions {
  /** How long the event loop is held at a time, in milliseconds; a snapshot's copy and the garbage come on top. @default 3 */
  readonly sliceMs?: number | undefined;
  /** Lets others run between slices. @default setImmediate */
  readonly pause?: (() => Promise<unknown>) | undefined;
}

let turn: Promise<unknown> = Promise.resolve();

/** When the present slice began; undefined once others have run since the last one. */
let began: number | undefined;

/**
 * Does work in slices, and one work of this process after the other: many pages at once hold the event loop no longer than one.
 * Rejects with what the work throws.
 */
export function runInTurn<Result>(
  work: () => Generator<void, Result>,
  { sliceMs = 3, pause = setImmediate }: SliceOptions = {},
): Promise<Result> {
  const done = turn.then(() => run(work(), sliceMs, pause));
  turn = done.then(rest, rest);
  return done;
}

async function run<Result>(
  steps: Generator<void, Result>,
  sliceMs: number,
  pause: () => Promise<unknown>,
): Promise<Result> {
  // Of a slice that an earlier work has begun, what is left is used.
  let isFresh = began === undefined;
  for (;;) {
    began ??= performance.now();
    if (!isFresh && performance.now() - began >= sliceMs) {
      // oxlint-disable-next-line no-await-in-loop -- slices follow one another
      await pause();
      began = performance.now();
    }
    isFresh = false;
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

function rest(): void {
  void setImmediate().then(() => {
    began = undefined;
  });
}
