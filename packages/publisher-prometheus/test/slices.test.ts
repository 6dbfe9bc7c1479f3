import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { readFamilies } from "../src/sources/registry-families.ts";
import { createFamilyNames } from "../src/page/family-names.ts";
import { runInTurn } from "../src/page/slices.ts";

function* busy(steps: number, stepMs: number): Generator<void, number> {
  for (let step = 0; step < steps; step += 1) {
    const began = performance.now();
    while (performance.now() - began < stepMs);
    yield;
  }
  return steps;
}

test("one work of the process is done after the other, and others run between slices", async () => {
  const order: string[] = [];
  const work = (name: string): Promise<number> =>
    runInTurn(() => busy(3, 0), { sliceMs: 0, pause: async () => void order.push(name) }).finally(() =>
      order.push(`${name} done`),
    );
  await Promise.all([work("a"), work("b")]);
  expect(order.indexOf("b")).toBeGreaterThan(order.lastIndexOf("a"));
});

test("many short works at once share slices", async () => {
  let pauses = 0;
  const pause = async (): Promise<void> => {
    pauses += 1;
    await setImmediate();
  };
  await Promise.all(Array.from({ length: 12 }, () => runInTurn(() => busy(1, 2), { sliceMs: 3, pause })));
  expect(pauses).toBeGreaterThanOrEqual(5);
});

test("work that throws costs nobody else a turn", async () => {
  const broken = runInTurn<never>(function* () {
    yield;
    throw new Error("canary");
  });
  const next = runInTurn(() => busy(2, 0));
  await expect(broken).rejects.toThrow("canary");
  expect(await next).toBe(2);
});

test("a large registry is read in steps", () => {
  const values = Array.from({ length: 10_000 }, (_, value) => ({ labels: { v: String(value) }, value }));
  const metrics = [{ name: "large", help: "h", type: "gauge", values }];
  const steps = readFamilies(metrics, createFamilyNames(), false, () => {});
  let count = 0;
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) count += 1;
  expect(count).toBeGreaterThan(100);
  expect(step.value[0]?.samples).toHaveLength(10_000);
});
