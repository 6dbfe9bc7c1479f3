import { type EventMetrics, filtered, formatMetrics, mapped } from "@eventmeter/core";
import { CompositePublisher } from "@eventmeter/publisher-composite";
import { malformedRecords, RecordingPublisher } from "@eventmeter/testkit";
import { describe, expect, test } from "vitest";
import { errorLog, event, network, never, nothing, publisher, settled } from "./doubles.ts";

describe("a record", () => {
  test("reaches every child, as the caller's own object, in the order of the children", () => {
    const seen: unknown[] = [];
    const take = (name: string) =>
      publisher(name, { publishEventMetrics: (record: unknown) => void seen.push(name, record) });
    const record = event();
    new CompositePublisher([take("one"), take("two")]).publishEventMetrics(record);
    expect(seen).toEqual(["one", record, "two", record]);
    expect(seen[1]).toBe(record);
    expect(seen[3]).toBe(record);
  });

  test("reaches a child as a call of its own method", () => {
    const child = publisher("one");
    const composite = new CompositePublisher([child]);
    const receivers: unknown[] = [];
    child.publishNetworkMetrics = function receive(this: unknown) {
      receivers.push(this);
    };
    composite.publishNetworkMetrics(network());
    expect(receivers).toEqual([child]);
  });

  test("is delivered when every child that wanted it was offered it", () => {
    const composite = new CompositePublisher([publisher("one"), { publisher: publisher("two"), network: false }]);
    composite.publishEventMetrics(event());
    composite.publishNetworkMetrics(network());
    expect(composite.health()).toMatchObject({ received: 2, delivered: 2, dropped: 0, ignored: 0, pending: 0 });
  });

  test("is ignored as unwanted when no child wants it", () => {
    const composite = new CompositePublisher([{ publisher: publisher("one"), events: false, network: () => false }]);
    composite.publishEventMetrics(event());
    composite.publishNetworkMetrics(network());
    expect(composite.health()).toMatchObject({ received: 2, delivered: 0, ignored: 2, ignoredBy: { unwanted: 2 } });
    new CompositePublisher([]).publishEventMetrics(event());
  });

  test("is dropped as closed after the close, and reaches no child", async () => {
    const { errors, onError } = errorLog();
    const child = new RecordingPublisher();
    const composite = new CompositePublisher([child], { onError });
    await composite.close();
    composite.publishEventMetrics(event());
    expect(composite.health()).toMatchObject({ received: 1, dropped: 1, droppedBy: { closed: 1 } });
    expect(child.health().received).toBe(0);
    expect(composite.health().lastError).toMatchObject({ code: "record-dropped" });
    expect(errors.map(({ code }) => code)).toEqual(["record-dropped"]);
  });

  test("is pending while it is offered, so that the numbers add up for a child that looks", () => {
    const looks: unknown[] = [];
    const child = publisher("one", { publishEventMetrics: () => void looks.push(composite.health()) });
    const composite: CompositePublisher = new CompositePublisher([child]);
    composite.publishEventMetrics(event());
    expect(looks).toMatchObject([
      { received: 1, delivered: 0, pending: 1, pendingDetail: { bytes: 0, oldestAgeMs: 0 } },
    ]);
    expect(composite.health()).toMatchObject({
      received: 1,
      delivered: 1,
      pending: 0,
      pendingDetail: { oldestAgeMs: null },
    });
  });

  test("is judged by each child for itself, whatever it is", () => {
    const child = new RecordingPublisher({ onError: nothing });
    const { errors, onError } = errorLog();
    const composite = new CompositePublisher(
      [
        child,
        {
          publisher: publisher("two"),
          events: (record) => record.eventName !== "x",
          network: ({ host }) => host !== "x",
        },
      ],
      { onError },
    );
    for (const { kind, record } of malformedRecords(1, 5_000)) {
      if (kind === "event") composite.publishEventMetrics(record as EventMetrics);
      else composite.publishNetworkMetrics(record as never);
    }
    expect(composite.health()).toMatchObject({ received: 5_000, delivered: 5_000, pending: 0 });
    const { received, delivered, dropped, droppedBy } = child.health();
    expect(received).toBe(5_000);
    expect(delivered + dropped).toBe(5_000);
    expect(droppedBy.invalid).toBeGreaterThan(500);
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(["callback-failed"]));
  });

  test("has the standard dictionary, also with a mapping inside", () => {
    const composite = new CompositePublisher([mapped(publisher("one"), { event: () => null })]);
    expect(composite.formatMetrics(event())).toEqual(formatMetrics(event()));
    expect(composite.formatMetrics(network())).toEqual(formatMetrics(network()));
  });
});

describe("a predicate", () => {
  test("chooses the records of its kind and sees the caller's own object", () => {
    const child = new RecordingPublisher();
    const seen: unknown[] = [];
    const composite = new CompositePublisher([
      {
        publisher: child,
        events(record) {
          seen.push(record);
          return record.eventName === "good";
        },
      },
    ]);
    const [good, bad] = [event({ eventName: "good" }), event({ eventName: "bad" })];
    for (const record of [good, bad]) composite.publishEventMetrics(record);
    composite.publishNetworkMetrics(network());
    expect(seen[0]).toBe(good);
    expect(seen[1]).toBe(bad);
    expect(child.events.map(({ event_name }) => event_name)).toEqual(["good"]);
    expect(child.networks).toHaveLength(1);
    expect(composite.health()).toMatchObject({ delivered: 2, ignoredBy: { unwanted: 1 } });
  });

  test("that throws passes the record on and is reported once a second", () => {
    const { errors, onError } = errorLog();
    const child = new RecordingPublisher();
    const cause = new Error("broken");
    const events = (): boolean => {
      throw cause;
    };
    const composite = new CompositePublisher([{ publisher: child, events }], { onError });
    for (let count = 0; count < 100; count += 1) composite.publishEventMetrics(event());
    expect(child.events).toHaveLength(100);
    expect(errors).toMatchObject([{ code: "callback-failed", publisher: "recording", dropped: 0, cause }]);
  });

  test.each<[string, () => unknown]>([
    ["resolves to false", async () => false],
    ["rejects", () => Promise.reject(new Error("later"))],
    // oxlint-disable-next-line unicorn/no-thenable -- what a query builder returns
    ["is a thenable", () => ({ then: (resolve: (value: boolean) => void) => resolve(false) })],
  ])(
    "that returns a promise that %s passes records on, and is reported once for its option",
    async (_what, predicate) => {
      const { errors, onError } = errorLog();
      const child = new RecordingPublisher();
      const composite = new CompositePublisher(
        [{ publisher: child, events: predicate as () => boolean, network: (() => predicate()) as () => boolean }],
        { onError },
      );
      for (let count = 0; count < 3; count += 1) {
        composite.publishEventMetrics(event());
        composite.publishNetworkMetrics(network());
      }
      await settled();
      await composite.close();
      expect([child.events.length, child.networks.length]).toEqual([3, 3]);
      expect(errors.map(({ code, message, dropped }) => [code, message, dropped])).toEqual(
        ["events", "network"].map((name) => [
          "callback-failed",
          `recording: its predicate "${name}" returned a promise, so every record is passed on; return true or false instead`,
          0,
        ]),
      );
    },
  );

  test("that lets nothing pass by a falsy answer of JavaScript counts as no", () => {
    const child = new RecordingPublisher();
    const composite = new CompositePublisher([{ publisher: child, events: (() => undefined) as never }]);
    composite.publishEventMetrics(event());
    expect(child.events).toHaveLength(0);
  });
});

describe("a child that fails", () => {
  test("by throwing is reported by name, and the others get the record", () => {
    const { errors, onError } = errorLog();
    const [before, after] = [new RecordingPublisher({ name: "before" }), new RecordingPublisher({ name: "after" })];
    const cause = new Error("broken");
    const throwing = publisher("throwing", {
      publishEventMetrics() {
        throw cause;
      },
    });
    const composite = new CompositePublisher([before, throwing, after], { onError });
    composite.publishEventMetrics(event());
    expect(before.events).toHaveLength(1);
    expect(after.events).toHaveLength(1);
    expect(errors).toMatchObject([{ code: "publisher-failed", publisher: "throwing", dropped: 1, cause }]);
    expect(composite.health()).toMatchObject({ received: 1, delivered: 1, state: "degraded" });
  });

  test("again and again costs one error at once and one with the number of the others", async () => {
    const { errors, onError } = errorLog();
    const throwing = publisher("throwing", {
      publishEventMetrics() {
        throw new Error("broken");
      },
    });
    const composite = new CompositePublisher([throwing], { onError });
    for (let count = 0; count < 100; count += 1) composite.publishEventMetrics(event());
    await composite.close();
    expect(errors.map(({ dropped }) => dropped)).toEqual([1, 99]);
  });

  test("by rejecting is reported by name and leaves no rejection behind", async () => {
    const { errors, onError } = errorLog();
    const cause = new Error("later");
    const rejecting = publisher("rejecting", { publishEventMetrics: () => Promise.reject(cause) });
    new CompositePublisher([rejecting], { onError }).publishEventMetrics(event());
    await settled();
    expect(errors).toMatchObject([{ code: "publisher-failed", publisher: "rejecting", dropped: 1, cause }]);
  });

  test("by a hostile thenable stays its own affair", async () => {
    const fail = (): never => {
      throw new Error("then");
    };
    const descriptors: PropertyDescriptor[] = [
      { value: nothing },
      { value: (resolve: () => void) => (resolve(), resolve()) },
      { value: fail },
      { get: fail },
    ];
    // oxlint-disable-next-line unicorn/no-thenable -- hostile ones are what this is about
    const thenables = descriptors.map((descriptor) => Object.defineProperty({}, "then", descriptor));
    const odd = publisher("odd", { publishEventMetrics: () => thenables.shift() });
    const last = new RecordingPublisher();
    const composite = new CompositePublisher([odd, last], { onError: nothing });
    for (let count = 0; count < 4; count += 1) composite.publishEventMetrics(event());
    await settled();
    expect(last.events).toHaveLength(4);
    expect(composite.health()).toMatchObject({ delivered: 4, pending: 0 });
  });

  test("by returning something that is no promise is a child that took the record", () => {
    const pushing = publisher("pushing", { publishEventMetrics: () => 7 });
    const composite = new CompositePublisher([pushing]);
    for (let count = 0; count < 3_000; count += 1) composite.publishEventMetrics(event());
    expect(composite.health().children?.[0]).toMatchObject({ dropped: 0, state: "idle" });
  });
});

describe("a child with 1,000 unsettled promises", () => {
  test("is skipped, its skips are in its health entry, and the others get every record", () => {
    const { errors, onError } = errorLog();
    const hung = publisher("hung", { publishEventMetrics: never });
    const other = new RecordingPublisher();
    const composite = new CompositePublisher([hung, other], { onError });
    for (let count = 0; count < 1_200; count += 1) composite.publishEventMetrics(event());
    expect(other.events).toHaveLength(1_200);
    expect(composite.health()).toMatchObject({ received: 1_200, delivered: 1_200, dropped: 0, state: "failing" });
    expect(composite.health().children).toMatchObject([
      { name: "hung", received: 200, dropped: 200, droppedBy: { overflow: 200 }, state: "failing" },
      { name: "recording", received: 1_200, delivered: 1_200, dropped: 0, state: "ok" },
    ]);
    expect(errors).toMatchObject([{ code: "record-dropped", publisher: "hung", dropped: 1 }]);
  });

  test("is bounded also when it returns the same promise every time", () => {
    const same = never();
    let calls = 0;
    const hung = publisher("hung", {
      publishEventMetrics() {
        calls += 1;
        return same;
      },
    });
    const composite = new CompositePublisher([hung, publisher("other")], { onError: nothing });
    for (let count = 0; count < 1_500; count += 1) composite.publishEventMetrics(event());
    expect(calls).toBe(1_000);
  });

  test.each(["resolve", "reject"] as const)("gets records again when they %s", async (end) => {
    let calls = 0;
    const gate = Promise.withResolvers<void>();
    const slow = publisher("slow", {
      publishEventMetrics() {
        calls += 1;
        return gate.promise;
      },
    });
    const composite = new CompositePublisher([slow, publisher("other")], { onError: nothing });
    for (let count = 0; count < 1_100; count += 1) composite.publishEventMetrics(event());
    expect(calls).toBe(1_000);
    gate[end]();
    await settled();
    composite.publishEventMetrics(event());
    expect(calls).toBe(1_001);
    expect(composite.health().children?.[0]).toMatchObject({ droppedBy: { overflow: 100 }, state: "degraded" });
  });

  test("makes a record that nobody else wants an overflow", () => {
    const composite = new CompositePublisher([publisher("hung", { publishEventMetrics: never })], { onError: nothing });
    for (let count = 0; count < 1_010; count += 1) composite.publishEventMetrics(event());
    expect(composite.health()).toMatchObject({ delivered: 1_000, dropped: 10, droppedBy: { overflow: 10 } });
  });
});

describe("the same object", () => {
  test("gets a record once when it is reached directly and through composites inside", () => {
    const shared = new RecordingPublisher({ name: "shared" });
    const inner = new CompositePublisher([shared], { name: "inner" });
    const deep = new CompositePublisher([inner, shared], { name: "deep" });
    for (const children of [
      [shared, inner, deep],
      [deep, inner, shared],
      [inner, shared, deep],
    ]) {
      shared.reset();
      const composite = new CompositePublisher(children);
      composite.publishEventMetrics(event());
      composite.publishNetworkMetrics(network());
      expect(shared.snapshot()).toMatchObject({ events: [{}], networks: [{}] });
      expect(composite.health()).toMatchObject({ received: 2, delivered: 2 });
    }
    expect(inner.health()).toMatchObject({ received: 6, delivered: 6 });
  });

  test("gets a record by the way that wants it", () => {
    const shared = new RecordingPublisher({ name: "shared" });
    const inner = new CompositePublisher([{ publisher: shared, events: ({ eventName }) => eventName === "b" }]);
    const composite = new CompositePublisher([
      { publisher: shared, events: ({ eventName }) => eventName === "a" },
      inner,
    ]);
    for (const eventName of ["a", "b", "c"]) composite.publishEventMetrics(event({ eventName }));
    expect(shared.events.map(({ event_name }) => event_name)).toEqual(["a", "b"]);
    expect(composite.health()).toMatchObject({ received: 3, delivered: 3 });
    expect(inner.health()).toMatchObject({ received: 3, delivered: 1, ignoredBy: { unwanted: 2 } });
  });

  test("gets every one of the records that follow each other", () => {
    const shared = new RecordingPublisher({ name: "shared" });
    const composite = new CompositePublisher([shared, new CompositePublisher([shared], { name: "inner" })]);
    const record = event();
    for (let count = 0; count < 3; count += 1) composite.publishEventMetrics(record);
    expect(shared.events).toHaveLength(3);
  });

  test("gets the record that a child publishes while it is offered another", () => {
    const shared = new RecordingPublisher({ name: "shared" });
    const inner = new CompositePublisher([shared], { name: "inner" });
    let again = true;
    const echo = publisher("echo", {
      publishEventMetrics() {
        if (!again) return;
        again = false;
        composite.publishEventMetrics(event({ eventName: "echo" }));
      },
    });
    const composite: CompositePublisher = new CompositePublisher([echo, shared, inner]);
    composite.publishEventMetrics(event());
    expect(shared.events.map(({ event_name }) => event_name)).toEqual(["echo", "job"]);
    expect(composite.health()).toMatchObject({ received: 2, delivered: 2, pending: 0 });
  });

  test("behind two wrappers is two routes", () => {
    const shared = new RecordingPublisher({ name: "shared" });
    const composite = new CompositePublisher([shared, filtered(shared, () => true, { name: "route" })]);
    composite.publishEventMetrics(event());
    expect(shared.events).toHaveLength(2);
  });

  test("keeps what a subclass of the composite adds", () => {
    const child = new RecordingPublisher();
    class Renaming extends CompositePublisher {
      override publishEventMetrics(record: Readonly<EventMetrics>): void {
        super.publishEventMetrics({ ...record, eventName: "renamed" });
      }
    }
    new CompositePublisher([new Renaming([child], { name: "inner" })]).publishEventMetrics(event());
    expect(child.events.map(({ event_name }) => event_name)).toEqual(["renamed"]);
  });
});
