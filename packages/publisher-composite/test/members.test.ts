import { isPublisherError } from "@eventmeter/core";
import { CompositePublisher } from "@eventmeter/publisher-composite";
import { createVirtualClock, RecordingPublisher } from "@eventmeter/testkit";
import { describe, expect, test } from "vitest";
import {
  CHILD_GRACE_MS,
  errorLog,
  event,
  healthOf,
  network,
  never,
  nothing,
  publisher,
  reportOf,
  settled,
} from "./doubles.ts";

function namesOf(composite: CompositePublisher): string[] | undefined {
  return composite.health().children?.map(({ name }) => name);
}

describe("add", () => {
  test("takes a publisher or an entry in, from the next record on", () => {
    const [one, two] = [new RecordingPublisher({ name: "one" }), new RecordingPublisher({ name: "two" })];
    const composite = new CompositePublisher([]);
    composite.add(one);
    composite.publishEventMetrics(event());
    composite.add({ publisher: two, network: false });
    composite.publishEventMetrics(event());
    composite.publishNetworkMetrics(network());
    expect([one.events.length, one.networks.length]).toEqual([2, 1]);
    expect([two.events.length, two.networks.length]).toEqual([1, 0]);
    expect(namesOf(composite)).toEqual(["one", "two"]);
  });

  test("starts the child in the background if the composite was started, and reports a failure", async () => {
    const { errors, onError } = errorLog();
    let starts = 0;
    const start = async (): Promise<void> => void (starts += 1);
    const composite = new CompositePublisher([], { onError });
    composite.add(publisher("before", { start }));
    await settled();
    expect(starts).toBe(0);
    await composite.start();
    composite.add(publisher("after", { start }));
    composite.add(publisher("broken", { start: () => Promise.reject(new Error("no")) }));
    await settled();
    expect(starts).toBe(2);
    expect(errors).toMatchObject([{ code: "start-failed", publisher: "broken" }]);
  });

  test("rejects a name that is taken, until its owner is removed", async () => {
    const composite = new CompositePublisher([publisher("one")]);
    expect(() => composite.add(publisher("one"))).toThrow(/child: the name "one" is taken by another child/);
    await composite.remove("one");
    composite.add(publisher("one"));
    expect(namesOf(composite)).toEqual(["one"]);
  });

  test("rejects what is not a publisher, and a composite that is closed", async () => {
    const composite = new CompositePublisher([]);
    expect(() => composite.add({ publisher: publisher("one"), event: true } as never)).toThrow(/did you mean "events"/);
    await composite.close();
    expect(() => composite.add(publisher("one"))).toThrow(/child: nothing can be added: the composite is closed/);
  });

  test("from within a publish takes effect with the next record", () => {
    const late = new RecordingPublisher({ name: "late" });
    const adding = publisher("adding", {
      publishEventMetrics() {
        if (namesOf(composite)?.includes("late") !== true) composite.add(late);
      },
    });
    const composite: CompositePublisher = new CompositePublisher([adding]);
    for (const taskId of ["1", "2"]) composite.publishEventMetrics(event({ taskId }));
    expect(late.events.map(({ task_id }) => task_id)).toEqual(["2"]);
  });
});

test("a stack that is exhausted while a record is offered costs that record only", async () => {
  const child = new RecordingPublisher();
  const composite = new CompositePublisher([child], { onError: nothing });
  function exhaust(): void {
    try {
      exhaust();
    } catch {
      // Each caller on the way back has a little more stack.
    }
    try {
      composite.publishEventMetrics(event());
    } catch {
      // Out of stack again.
    }
  }
  exhaust();
  await settled();
  child.reset();
  composite.publishEventMetrics(event());
  await settled();
  composite.publishEventMetrics(event());
  expect(child.events.length).toBeGreaterThan(0);
});

describe("remove", () => {
  test("flushes the child, gives its own report, and leaves it open", async () => {
    const child = new RecordingPublisher();
    const composite = new CompositePublisher([child, publisher("other")]);
    composite.publishEventMetrics(event());
    const report = await composite.remove("recording");
    expect(report).toMatchObject({ status: "complete", received: 1, delivered: 1 });
    expect(namesOf(composite)).toEqual(["other"]);
    composite.publishEventMetrics(event());
    await composite.close();
    expect(child.health()).toMatchObject({ received: 1, state: "ok" });
    child.publishEventMetrics(event());
    expect(child.events).toHaveLength(2);
  });

  test("rejects for a name that is not there, naming those that are", async () => {
    const composite = new CompositePublisher([publisher("one"), publisher("two")]);
    const error: unknown = await composite.remove("on").catch((caught: unknown) => caught);
    expect(isPublisherError(error) && error.message).toMatch(/no child of that name.*one, two/);
  });

  test("ends within its timeout, with the numbers that the child shows", async () => {
    const clock = createVirtualClock();
    const hung = publisher("hung", { flush: never, health: () => healthOf("hung", { received: 3, pending: 3 }) });
    const removed = new CompositePublisher([hung], { clock }).remove("hung", { timeoutMs: 250 });
    await clock.advance(250 + CHILD_GRACE_MS);
    expect(await removed).toMatchObject({ status: "timeout", received: 3, pending: 3 });
  });

  test("reports a flush that fails, and resolves as aborted", async () => {
    const { errors, onError } = errorLog();
    const broken = publisher("broken", { flush: () => Promise.reject(new Error("no")) });
    expect((await new CompositePublisher([broken], { onError }).remove("broken")).status).toBe("aborted");
    expect(errors).toMatchObject([{ code: "publisher-failed", publisher: "broken" }]);
  });

  test("waits for the promises that the child's publish returned", async () => {
    let release: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const slow = publisher("slow", { publishEventMetrics: () => gate, flush: async () => reportOf() });
    const composite = new CompositePublisher([slow]);
    composite.publishEventMetrics(event());
    let ended = false;
    const removed = composite.remove("slow").then(() => (ended = true));
    await settled();
    expect(ended).toBe(false);
    release?.();
    await removed;
  });

  test("reports what was held back of the child's failures", async () => {
    const { errors, onError } = errorLog();
    const rejecting = publisher("rejecting", { publishEventMetrics: () => Promise.reject(new Error("no")) });
    const composite = new CompositePublisher([rejecting], { onError });
    for (let count = 0; count < 10; count += 1) composite.publishEventMetrics(event());
    await composite.remove("rejecting");
    expect(errors.map(({ dropped }) => dropped)).toEqual([1, 9]);
  });

  test("from within a publish keeps that record, too, from the child", async () => {
    const removing = publisher("removing", { publishEventMetrics: () => void (removed ??= composite.remove("last")) });
    const last = new RecordingPublisher({ name: "last" });
    let removed: Promise<unknown> | undefined;
    const composite: CompositePublisher = new CompositePublisher([removing, publisher("middle"), last]);
    composite.publishEventMetrics(event());
    composite.publishEventMetrics(event());
    await removed;
    expect(last.events).toHaveLength(0);
    expect(composite.health()).toMatchObject({ received: 2, delivered: 2 });
  });

  test("of itself from within a publish lets the others have the record", async () => {
    const leaving = publisher("leaving", { publishEventMetrics: () => void (removed ??= composite.remove("leaving")) });
    const last = new RecordingPublisher({ name: "last" });
    let removed: Promise<unknown> | undefined;
    const composite: CompositePublisher = new CompositePublisher([leaving, last]);
    composite.publishEventMetrics(event());
    await removed;
    expect(last.events).toHaveLength(1);
    expect(namesOf(composite)).toEqual(["last"]);
  });
});
