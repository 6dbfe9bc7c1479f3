import { inspect } from "node:util";
import { expect, test } from "vitest";
import { bindMethods } from "../src/publisher.ts";

class Counter {
  #count = 0;

  constructor() {
    bindMethods(this);
  }

  get count(): number {
    return this.#count;
  }

  add(by: number): number {
    return (this.#count += by);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#count = 0;
  }
}

test("a method works without its object", () => {
  const counter = new Counter();
  // oxlint-disable-next-line typescript/unbound-method -- this is what is tested
  const { add } = counter;
  expect(add(2)).toBe(2);
  expect(counter.count).toBe(2);
});

test("an object is disposed of by `await using`", async () => {
  const counter = new Counter();
  {
    await using using = counter;
    using.add(1);
  }
  expect(counter.count).toBe(0);
});

test("a subclass overrides a method and reaches the one that it overrides", () => {
  class Doubling extends Counter {
    override add(by: number): number {
      return super.add(2 * by);
    }
  }
  // oxlint-disable-next-line typescript/unbound-method -- this is what is tested
  const { add } = new Doubling();
  expect(add(2)).toBe(4);
});

test("bound methods are not shown, and can be replaced", () => {
  const counter = new Counter();
  expect(Object.keys(counter)).toEqual([]);
  expect(inspect(counter)).toBe("Counter {}");
  counter.add = () => 7;
  expect(counter.add(1)).toBe(7);
});
