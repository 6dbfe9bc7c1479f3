import { filtered, mapped, type MetricsPublisher } from "@eventmeter/core";
import { containsPublisher, declareInnerPublishers } from "@eventmeter/core/publisher";
import { CompositePublisher } from "@eventmeter/publisher-composite";
import { describe, expect, test, vi } from "vitest";
import { errorLog, event, network, nothing, publisher, settled } from "./doubles.ts";

const INSIDE = /child(\.publisher)?: the composite would be inside itself/;

function namesOf(composite: CompositePublisher): string[] | undefined {
  return composite.health().children?.map(({ name }) => name);
}

/** A wrapper of another author: it passes records on, and declares nothing. */
function foreignWrapper(name: string, inner: MetricsPublisher): MetricsPublisher {
  return publisher(name, {
    publishEventMetrics: (record: never) => inner.publishEventMetrics(record),
    publishNetworkMetrics: (record: never) => inner.publishNetworkMetrics(record),
    health: () => inner.health(),
  });
}

describe("add rejects a composite that would be inside itself", () => {
  test("when it is added to itself", () => {
    const composite = new CompositePublisher([]);
    expect(() => composite.add(composite)).toThrow(INSIDE);
  });

  test("through composites inside composites", () => {
    const inner = new CompositePublisher([], { name: "inner" });
    const outer = new CompositePublisher([new CompositePublisher([inner], { name: "middle" })], { name: "outer" });
    expect(() => inner.add(outer)).toThrow(INSIDE);
    outer.publishEventMetrics(event());
    expect(inner.health().received).toBe(1);
  });

  test.each<[string, (composite: MetricsPublisher) => MetricsPublisher]>([
    ["filtered", (inner) => filtered(inner, () => true, { name: "route" })],
    ["mapped", (inner) => mapped(inner, {}, { name: "route" })],
    [
      "filtered inside mapped",
      (inner) =>
        mapped(
          filtered(inner, () => true, { name: "route" }),
          {},
        ),
    ],
    [
      "filtered inside another composite",
      (inner) => new CompositePublisher([filtered(inner, () => true, { name: "route" })], { name: "other" }),
    ],
    [
      "a subclass of the composite",
      (inner) => new (class Counting extends CompositePublisher {})([inner], { name: "counting" }),
    ],
  ])("through %s", (_, wrap) => {
    const composite = new CompositePublisher([]);
    const wrapped = wrap(composite);
    expect(() => composite.add(wrapped)).toThrow(INSIDE);
    expect(() => composite.add({ publisher: wrapped })).toThrow(INSIDE);
    expect(namesOf(composite)).toEqual([]);
  });

  test("through a wrapper of another author that declares what is inside it", () => {
    const composite = new CompositePublisher([]);
    const wrapper = foreignWrapper("foreign", composite);
    declareInnerPublishers(wrapper, () => [filtered(composite, () => true, { name: "route" })]);
    expect(() => composite.add(wrapper)).toThrow(INSIDE);
  });

  test("through composites and wrappers of another copy of the packages", async () => {
    vi.resetModules();
    const other = {
      ...(await import("@eventmeter/core")),
      ...(await import("@eventmeter/publisher-composite")),
    };
    expect(other.CompositePublisher).not.toBe(CompositePublisher);
    const composite = new CompositePublisher([]);
    const route = other.filtered(composite, () => true, { name: "route" });
    const outer = new other.CompositePublisher([route], { name: "outer" });
    expect(() => composite.add(outer)).toThrow(INSIDE);
    expect(() => outer.add(new CompositePublisher([outer], { name: "ours" }))).toThrow(INSIDE);
  });

  test("and looks at what is inside now: a child that was removed is not", async () => {
    const inner = new CompositePublisher([], { name: "inner" });
    const outer = new CompositePublisher([inner], { name: "outer" });
    expect(() => inner.add(outer)).toThrow(INSIDE);
    await outer.remove("inner");
    inner.add(outer);
    expect(namesOf(inner)).toEqual(["outer"]);
  });
});

test("add asks no child for its health", () => {
  const health = vi.fn<() => never>(() => {
    throw new Error("no");
  });
  const composite = new CompositePublisher([], { onError: nothing });
  composite.add(publisher("silent", { health }));
  composite.add(new CompositePublisher([publisher("inside", { health })], { name: "outer", onError: nothing }));
  expect(health).not.toHaveBeenCalled();
  expect(namesOf(composite)).toEqual(["silent", "outer"]);
});

test("a composite that shares children with one inside it is not inside itself", () => {
  const shared = publisher("shared");
  const inner = new CompositePublisher([shared], { name: "inner" });
  const composite = new CompositePublisher([shared]);
  composite.add(inner);
  composite.add(filtered(inner, () => true, { name: "route" }));
  expect(namesOf(composite)).toEqual(["shared", "inner", "route"]);
});

describe("a declaration", () => {
  const searched = publisher("searched");

  test("shows in nothing that lists, copies or compares the publisher", () => {
    const plain = publisher("plain");
    const declared = { ...plain };
    declareInnerPublishers(declared, () => [searched]);
    expect(declared).toEqual(plain);
    expect(Reflect.ownKeys({ ...declared })).toEqual(Reflect.ownKeys(plain));
    expect(containsPublisher(declared, searched)).toBe(true);
    expect(containsPublisher(plain, searched)).toBe(false);
  });

  test.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["returns nothing", () => undefined],
    ["returns something else", () => searched],
    ["returns values that are not publishers", () => [undefined, 7, "searched"]],
  ])("that %s is none", (_, read) => {
    const odd = publisher("odd");
    declareInnerPublishers(odd, read as () => readonly MetricsPublisher[]);
    expect(containsPublisher(odd, searched)).toBe(false);
  });

  test("that names its own publisher, or new ones without end, ends the search", () => {
    const round = publisher("round");
    declareInnerPublishers(round, () => [round, searched]);
    expect(containsPublisher(round, searched)).toBe(true);
    let created = 0;
    const createEndless = (): MetricsPublisher => {
      const endless = publisher(`endless-${(created += 1)}`);
      declareInnerPublishers(endless, () => [createEndless()]);
      return endless;
    };
    expect(containsPublisher(createEndless(), searched)).toBe(false);
    expect(created).toBeLessThan(2_000);
  });
});

describe("a cycle through a wrapper that declares nothing", () => {
  test("ends after 8 rounds, is counted and reported", () => {
    const { errors, onError } = errorLog();
    const composite: CompositePublisher = new CompositePublisher([], { onError });
    const wrapper = publisher("foreign", {
      publishEventMetrics: (record: never) => composite.publishEventMetrics(record),
      publishNetworkMetrics: (record: never) => composite.publishNetworkMetrics(record),
    });
    composite.add(wrapper);
    composite.publishEventMetrics(event());
    composite.publishNetworkMetrics(network());
    expect(composite.health()).toMatchObject({ received: 18, delivered: 16, dropped: 2, droppedBy: { overflow: 2 } });
    expect(errors).toMatchObject([
      { code: "record-dropped", message: expect.stringMatching(/published to it 8 deep; is it inside itself\?/) },
    ]);
  });

  test("works again afterwards", async () => {
    const { errors, onError } = errorLog();
    const composite: CompositePublisher = new CompositePublisher([], { onError });
    const hiding = publisher("hiding", {
      publishEventMetrics: (record: never) => composite.publishEventMetrics(record),
    });
    composite.add(hiding);
    composite.add({ ...hiding, name: "twin" });
    composite.publishEventMetrics(event());
    expect(composite.health()).toMatchObject({ pending: 0, delivered: 2 ** 8 - 1, dropped: 2 ** 8 });
    expect(errors[0]?.message).toMatch(/is it inside itself\?/);
    await settled();
    await Promise.all(["hiding", "twin"].map((name) => composite.remove(name)));
    composite.add(publisher("good"));
    composite.publishEventMetrics(event());
    expect(composite.health().delivered).toBe(2 ** 8);
  });
});
