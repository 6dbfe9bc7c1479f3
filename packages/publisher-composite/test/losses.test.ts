// What became of the records of each child: in the reports and the health of the composite, whatever the children do.
import { createPublisher, filtered, type FlushReport, type MetricsPublisher } from "@eventmeter/core";
import { CompositePublisher } from "@eventmeter/publisher-composite";
import { createVirtualClock, RecordingPublisher } from "@eventmeter/testkit";
import { describe, expect, test } from "vitest";
import { CHILD_GRACE_MS, errorLog, event, healthOf, never, nothing, publisher, reportOf, settled } from "./doubles.ts";

const fail = (): never => {
  throw new Error("down");
};

/** A publisher whose backend is down. */
function dead(name: string): MetricsPublisher {
  return createPublisher({ name, event: async () => fail() }, { onError: nothing });
}

/** A publisher of a user's own, against the contract: `publish` may throw, and it counts what it is told to. */
function homeMade(name: string, publish: () => unknown, counts: boolean): MetricsPublisher {
  let received = 0;
  return publisher(name, {
    publishEventMetrics() {
      if (counts) received += 1;
      return publish();
    },
    health: () =>
      healthOf(name, { received, dropped: received, droppedBy: received === 0 ? {} : { failed: received } }),
    flush: async () => reportOf({ received, dropped: received }),
    close: async () => reportOf({ received, dropped: received }),
  });
}

async function childrenOf(
  composite: CompositePublisher,
  method: "flush" | "close" = "flush",
): Promise<readonly FlushReport[]> {
  return (await composite[method]()).children ?? [];
}

describe("a report", () => {
  test.each(["flush", "close"] as const)("of %s() over dead backends shows what each of them lost", async (method) => {
    const inner = new CompositePublisher([dead("deep")], { name: "inner" });
    const composite = new CompositePublisher([dead("one"), filtered(dead("two"), () => true), inner]);
    for (let count = 0; count < 100; count += 1) composite.publishEventMetrics(event());
    const report = await composite[method]();
    expect(report).toMatchObject({ name: "composite", status: "complete", delivered: 100, dropped: 0, durable: 0 });
    const lost = { status: "complete", received: 100, delivered: 0, dropped: 100, droppedBy: { failed: 100 } };
    expect(report.children).toMatchObject([
      { name: "one", ...lost },
      { name: "two", delivered: 100, children: [{ name: "two", ...lost }] },
      { name: "inner", delivered: 100, children: [{ name: "deep", ...lost }] },
    ]);
  });

  test("has the name that a child joined under, and its reasons where its report has none", async () => {
    const health = healthOf("odd", { received: 4, dropped: 4, droppedBy: { rejected: 4 } });
    const odd = publisher("odd", {
      health: () => health,
      flush: async () => reportOf({ name: "other", received: 4, dropped: 4 }),
    });
    expect(await childrenOf(new CompositePublisher([odd]))).toMatchObject([
      { name: "odd", droppedBy: { rejected: 4 } },
    ]);
  });

  test.each<[string, () => unknown]>([
    ["throws", fail],
    ["rejects", () => Promise.reject(new Error("no"))],
    ["gives nothing", async () => undefined],
    ["gives an unknown status", async () => reportOf({ status: "fine" as never })],
    ["gives a text for a number", async () => reportOf({ dropped: "1" as never })],
    [
      "gives a report that throws",
      async () => Object.defineProperty(reportOf(), "dropped", { enumerable: true, get: fail }),
    ],
  ])("is made of the health of a child whose flush %s, and is aborted", async (_what, flush) => {
    const { errors, onError } = errorLog();
    const health = healthOf("odd", { received: 3, dropped: 3, droppedBy: { rejected: 3 } });
    const composite = new CompositePublisher([publisher("odd", { health: () => health, flush })], { onError });
    const { status, children } = await composite.flush();
    expect(status).toBe("aborted");
    expect(children).toMatchObject([{ name: "odd", status: "aborted", dropped: 3, droppedBy: { rejected: 3 } }]);
    expect(errors.map(({ code }) => code)).toEqual(["publisher-failed"]);
  });

  test("is made of the health of a child that does not end in time", async () => {
    const clock = createVirtualClock();
    const health = healthOf("hung", { received: 3, pending: 3 });
    const composite = new CompositePublisher([publisher("hung", { health: () => health, close: never })], { clock });
    const closed = composite.close({ timeoutMs: 100 });
    await clock.advance(100 + CHILD_GRACE_MS);
    expect(await closed).toMatchObject({
      status: "timeout",
      pending: 0,
      children: [{ name: "hung", status: "timeout", pending: 3 }],
    });
  });

  test("of remove() is that of the child, with its reasons", async () => {
    const composite = new CompositePublisher([dead("one")]);
    composite.publishEventMetrics(event());
    expect(await composite.remove("one")).toMatchObject({ name: "one", dropped: 1, droppedBy: { failed: 1 } });
    expect(await childrenOf(composite)).toEqual([]);
  });

  test("shows what a child dropped that others had closed", async () => {
    const closed = new RecordingPublisher({ onError: nothing });
    await closed.close();
    const composite = new CompositePublisher([closed]);
    composite.publishEventMetrics(event());
    expect(await childrenOf(composite)).toMatchObject([{ dropped: 1, droppedBy: { closed: 1 } }]);
  });
});

test.each(["flush", "remove"] as const)(
  "records that a child was not offered are overflow in its entry and its report by %s(), and delivered by the others",
  async (method) => {
    const hung = homeMade("hung", never, true);
    const other = new RecordingPublisher();
    const composite = new CompositePublisher([hung, other], { onError: nothing });
    for (let count = 0; count < 1_200; count += 1) composite.publishEventMetrics(event());
    const entry = { name: "hung", received: 1_200, dropped: 1_200, droppedBy: { failed: 1_000, overflow: 200 } };
    expect(composite.health().children).toMatchObject([entry, { delivered: 1_200, dropped: 0 }]);
    const options = { timeoutMs: 1 };
    if (method === "remove") expect(await composite.remove("hung", options)).toMatchObject(entry);
    else expect((await composite.flush(options)).children).toMatchObject([entry, { delivered: 1_200, dropped: 0 }]);
  },
);

describe("a record that a child lost against the contract", () => {
  test.each<[string, () => unknown]>([
    ["throwing", fail],
    ["rejecting", () => Promise.reject(new Error("down"))],
  ])("by %s is failed in its entry, where it has not counted the record itself", async (_what, publish) => {
    for (const counts of [false, true]) {
      const composite = new CompositePublisher([homeMade("own", publish, counts), new RecordingPublisher()], {
        onError: nothing,
      });
      for (let count = 0; count < 3; count += 1) composite.publishEventMetrics(event());
      await settled();
      const entry = { name: "own", received: 3, dropped: 3, droppedBy: { failed: 3 } };
      expect(composite.health().children).toMatchObject([entry, { delivered: 3 }]);
      expect(await childrenOf(composite)).toMatchObject([entry, { delivered: 3 }]);
      composite.publishEventMetrics(event());
      await settled();
      expect(await childrenOf(composite, "close")).toMatchObject([{ dropped: 4, droppedBy: { failed: 4 } }, {}]);
    }
  });

  test("stays failed when others let the child receive more", async () => {
    let received = 0;
    const own = publisher("own", {
      publishEventMetrics: fail,
      health: () => healthOf("own", { received, delivered: received }),
    });
    const composite = new CompositePublisher([own], { onError: nothing });
    composite.publishEventMetrics(event());
    expect(composite.health().children).toMatchObject([{ received: 1, dropped: 1 }]);
    received = 10;
    expect(composite.health().children).toMatchObject([{ received: 11, delivered: 10, dropped: 1 }]);
  });

  test("is failed in the composite itself if no other child took the record", async () => {
    const composite = new CompositePublisher(
      [publisher("one", { publishEventMetrics: fail }), publisher("two", { publishEventMetrics: fail })],
      { onError: nothing },
    );
    composite.publishEventMetrics(event());
    expect(composite.health()).toMatchObject({ received: 1, delivered: 0, dropped: 1, droppedBy: { failed: 1 } });
    expect(await composite.flush()).toMatchObject({ delivered: 0, dropped: 1, droppedBy: { failed: 1 } });
    composite.add(new RecordingPublisher());
    composite.publishEventMetrics(event());
    expect(composite.health()).toMatchObject({ received: 2, delivered: 1, dropped: 1 });
  });
});
