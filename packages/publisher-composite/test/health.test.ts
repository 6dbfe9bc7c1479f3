import type { PublisherState } from "@eventmeter/core";
import { CompositePublisher } from "@eventmeter/publisher-composite";
import { createVirtualClock, RecordingPublisher } from "@eventmeter/testkit";
import { describe, expect, test } from "vitest";
import { errorLog, event, healthOf, nothing, publisher } from "./doubles.ts";

describe("health", () => {
  test("has each child's own health, and its numbers are never summed", () => {
    const [one, two] = [new RecordingPublisher({ name: "one" }), new RecordingPublisher({ name: "two" })];
    const composite = new CompositePublisher([one, { publisher: two, events: false }]);
    for (let count = 0; count < 3; count += 1) composite.publishEventMetrics(event());
    const health = composite.health();
    expect(health).toMatchObject({ name: "composite", received: 3, delivered: 3, pending: 0, state: "ok" });
    expect(health.children).toEqual([one.health(), two.health()]);
  });

  test.each<[PublisherState[], PublisherState]>([
    [[], "idle"],
    [["closed", "closed"], "closed"],
    [["closed", "idle"], "idle"],
    [["idle", "ok"], "ok"],
    [["ok", "degraded", "ok"], "degraded"],
    [["failing", "degraded"], "failing"],
  ])("of children that are %j says %s", (states, worst) => {
    const children = states.map((state, index) =>
      publisher(`child${index}`, { health: () => healthOf(`child${index}`, { state }) }),
    );
    expect(new CompositePublisher(children).health().state).toBe(worst);
  });

  test("says failing while a child that others closed is offered records, each of which it drops", async () => {
    const [closed, other] = [new RecordingPublisher({ onError: nothing }), publisher("other")];
    const composite = new CompositePublisher([closed, other]);
    await closed.close();
    expect(composite.health().state).toBe("idle");
    composite.publishEventMetrics(event());
    expect(composite.health()).toMatchObject({
      state: "failing",
      children: [{ name: "recording", state: "closed", droppedBy: { closed: 1 } }, { name: "other" }],
    });
    await composite.close();
    expect(composite.health().state).toBe("closed");
  });

  test("says closed once the close has ended, whatever an unowned child says", async () => {
    const other = new RecordingPublisher();
    const composite = new CompositePublisher([{ publisher: other, owned: false }]);
    composite.publishEventMetrics(event());
    await composite.close();
    expect(composite.health()).toMatchObject({ state: "closed", children: [{ state: "ok" }] });
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["gives nothing", () => undefined],
    ["gives something else", () => ({ state: "fine" })],
    ["gives text for a number", () => ({ ...healthOf("odd"), received: "3" })],
  ])("has a stand-in for a child whose health %s", (_, health) => {
    const { errors, onError } = errorLog();
    const good = new RecordingPublisher();
    const composite = new CompositePublisher([publisher("odd", { health }), good], { onError });
    composite.publishEventMetrics(event());
    for (let count = 0; count < 5; count += 1) composite.health();
    expect(composite.health()).toMatchObject({
      state: "failing",
      children: [
        { name: "odd", state: "failing", received: 0, pending: 0, lastError: { code: "publisher-failed" } },
        { name: "recording", state: "ok", received: 1 },
      ],
    });
    expect(errors).toMatchObject([{ code: "publisher-failed", publisher: "odd", dropped: 0 }]);
  });

  test("calls a child by the name it joined under", () => {
    const odd = publisher("odd", { health: () => healthOf("other") });
    expect(new CompositePublisher([odd]).health().children).toMatchObject([{ name: "odd" }]);
  });

  test("says of a child that is closed that it is closed, whatever happened before", async () => {
    const odd = publisher("odd", {
      publishEventMetrics() {
        throw new Error("no");
      },
    });
    const composite = new CompositePublisher([odd], { onError: nothing });
    composite.publishEventMetrics(event());
    await composite.close();
    expect(composite.health().children).toMatchObject([{ name: "odd", state: "closed" }]);
  });

  test("shows for 60 s that a child threw, though the child itself knows nothing of it", async () => {
    const clock = createVirtualClock();
    let isBroken = true;
    const odd = publisher("odd", {
      publishEventMetrics() {
        if (isBroken) throw new Error("no");
      },
      health: () => healthOf("odd", { state: "ok" }),
    });
    const composite = new CompositePublisher([odd], { clock, onError: nothing });
    composite.publishEventMetrics(event());
    isBroken = false;
    const failure = { code: "publisher-failed", time: clock.now() };
    const degraded = { state: "degraded", lastError: failure, children: [{ state: "degraded", lastError: failure }] };
    expect(composite.health()).toMatchObject(degraded);
    await clock.advance(59_999);
    expect(composite.health()).toMatchObject(degraded);
    await clock.advance(1);
    expect(composite.health()).toMatchObject({ state: "ok", lastError: failure, children: [{ state: "ok" }] });
  });

  test("has the later one of a child's own last error and the one that the composite caught", async () => {
    const clock = createVirtualClock();
    const failAt = async (time: number): Promise<number> => {
      await clock.advance(1_000);
      const own = { code: "send-failed", message: "odd: no", time: clock.now() + time };
      const odd = publisher("odd", {
        publishEventMetrics() {
          throw new Error("no");
        },
        health: () => healthOf("odd", { state: "ok", lastError: own }),
      });
      const composite = new CompositePublisher([publisher("first"), odd], { clock, onError: nothing });
      composite.publishEventMetrics(event());
      const { lastError, children } = composite.health();
      expect(lastError?.code).toBe("publisher-failed");
      return (children?.[1]?.lastError?.time ?? 0) - clock.now();
    };
    expect(await failAt(-500)).toBe(0);
    expect(await failAt(500)).toBe(500);
  });

  test("has the last error of the child that failed last", async () => {
    const clock = createVirtualClock();
    const failing = (name: string) => ({
      publisher: publisher(name, {
        publishEventMetrics() {
          throw new Error(name);
        },
      }),
      events: ({ taskId }: { readonly taskId: unknown }) => taskId === name,
    });
    const composite = new CompositePublisher([failing("one"), failing("two")], { clock, onError: nothing });
    for (const taskId of ["two", "one", "two"]) {
      await clock.advance(2_000);
      composite.publishEventMetrics(event({ taskId }));
      expect(composite.health().lastError).toMatchObject({ time: clock.now(), message: expect.stringMatching(taskId) });
    }
  });

  test.each([
    [1_000, 2_000],
    [2_000, 1_000],
    [null, 2_000],
    [2_000, null],
  ])("has the later of the last successes %s and %s", (one, other) => {
    const children = [one, other].map((lastSuccess, index) =>
      publisher(`child${index}`, { health: () => healthOf(`child${index}`, { lastSuccess }) }),
    );
    expect(new CompositePublisher(children).health().lastSuccess).toBe(2_000);
  });

  test("of a composite without children says ok once it has received a record", () => {
    const composite = new CompositePublisher([]);
    expect(composite.health().state).toBe("idle");
    composite.publishEventMetrics(event());
    expect(composite.health()).toMatchObject({ state: "ok", ignoredBy: { unwanted: 1 } });
  });

  test("has the last success of any child, also of one that left", async () => {
    const clock = createVirtualClock();
    const [one, two] = [new RecordingPublisher({ name: "one", clock }), new RecordingPublisher({ name: "two", clock })];
    const composite = new CompositePublisher([one, { publisher: two, events: ({ taskId }) => taskId === "2" }], {
      clock,
    });
    expect(composite.health().lastSuccess).toBeNull();
    composite.publishEventMetrics(event());
    await clock.advance(1_000);
    composite.publishEventMetrics(event({ taskId: "2" }));
    const latest = clock.now();
    expect(composite.health().lastSuccess).toBe(latest);
    await Promise.all(["one", "two"].map((name) => composite.remove(name)));
    expect(composite.health().lastSuccess).toBe(latest);
  });
});
