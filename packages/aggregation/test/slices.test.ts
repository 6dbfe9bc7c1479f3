import { setImmediate as nextTurn } from "node:timers/promises";
import { runInSlices } from "@eventmeter/aggregation";
import { expect, test } from "vitest";

function* busy(steps: number, stepMs: number): Generator<void, number> {
  for (let step = 0; step < steps; step += 1) {
    const began = performance.now();
    while (performance.now() - began < stepMs);
    yield;
  }
  return steps;
}

/** Waits until nothing is left of the slice of an earlier work, and longer than a slice may take. */
async function endSlice(): Promise<void> {
  await nextTurn();
  await nextTurn();
  const began = performance.now();
  while (performance.now() - began < 4);
}

test("one work of the process is done after the other, and others run between slices", async () => {
  const order: string[] = [];
  const work = (name: string): Promise<number> =>
    runInSlices(() => busy(3, 0), { sliceMs: 0, pause: async () => void order.push(name) }).finally(() =>
      order.push(`${name} done`),
    );
  await Promise.all([work("a"), work("b")]);
  expect(order.indexOf("b")).toBeGreaterThan(order.lastIndexOf("a"));
});

test("a work begins only when it is its turn", async () => {
  const { promise: paused, resolve: resume } = Promise.withResolvers<void>();
  const first = runInSlices(() => busy(2, 0), { sliceMs: 0, pause: () => paused });
  let isBegun = false;
  const second = runInSlices(function* () {
    yield;
    isBegun = true;
  });
  await endSlice();
  expect(isBegun).toBe(false);
  resume();
  await Promise.all([first, second]);
  expect(isBegun).toBe(true);
});

test("the event loop is held for 3 ms and one step at a time", async () => {
  await endSlice();
  let pauses = 0;
  const pause = async (): Promise<void> => {
    pauses += 1;
    await nextTurn();
  };
  await runInSlices(() => busy(80, 1), { pause });
  // Of four steps of 1 ms the last one may begin just before the 3 ms are over.
  expect(pauses).toBeGreaterThanOrEqual(19);
  await endSlice();
  pauses = 0;
  await runInSlices(() => busy(50, 0), { pause });
  expect(pauses).toBe(0);
});

test("many short works at once share slices", async () => {
  let pauses = 0;
  const pause = async (): Promise<void> => {
    pauses += 1;
    await nextTurn();
  };
  await Promise.all(Array.from({ length: 12 }, () => runInSlices(() => busy(1, 2), { sliceMs: 3, pause })));
  expect(pauses).toBeGreaterThanOrEqual(5);
});

test("others run between slices where no pause is given", async () => {
  let turns = 0;
  let isDone = false;
  const watch = (): void => {
    turns += 1;
    if (!isDone) setImmediate(watch);
  };
  watch();
  await runInSlices(() => busy(40, 1));
  isDone = true;
  expect(turns).toBeGreaterThanOrEqual(8);
});

test("work that throws costs nobody else a turn", async () => {
  const broken = runInSlices<never>(function* () {
    yield;
    throw new Error("canary");
  });
  const next = runInSlices(() => busy(2, 0));
  await expect(broken).rejects.toThrow("canary");
  expect(await next).toBe(2);
});
