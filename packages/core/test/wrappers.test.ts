import { describe, expect, test } from "vitest";
import { takeWarnings } from "../../../test/warnings.ts";
import { createVirtualClock } from "../../testkit/src/virtual-clock.ts";
import {
  createPublisher,
  type EventMetrics,
  filtered,
  type FormattedEvent,
  mapped,
  type MetricsPublisher,
  type NetworkMetrics,
  type PublisherError,
} from "../src/index.ts";

const event: EventMetrics = {
  eventName: "job",
  taskId: 1,
  startTime: 1.7e12,
  error: "secret",
  attributes: { email: "a@b", size: 1 },
};
const network: NetworkMetrics = {
  operation: "GET",
  host: "a",
  port: 1,
  startTime: 1.7e12,
  bytesSent: 1,
  bytesReceived: 2,
};

function fail(message: string): never {
  throw new Error(message);
}

function inner(): { publisher: MetricsPublisher; seen: unknown[] } {
  const seen: unknown[] = [];
  const publisher = createPublisher({
    name: "inner",
    event: (data) => seen.push(data),
    network: (data) => seen.push(data),
  });
  return { publisher, seen };
}

test("hands on what the predicate accepts and ignores the rest", () => {
  const { publisher, seen } = inner();
  const wrapper = filtered(publisher, (record) => record.error != null);
  wrapper.publishEventMetrics(event);
  wrapper.publishNetworkMetrics(network);
  expect(seen).toHaveLength(1);
  expect(wrapper.health()).toMatchObject({
    name: "inner",
    received: 2,
    delivered: 1,
    ignoredBy: { filtered: 1 },
    children: [{ name: "inner", received: 1 }],
  });
});

test("lets a record pass whose predicate throws", () => {
  const { publisher, seen } = inner();
  const errors: PublisherError[] = [];
  const broken = filtered(publisher, () => fail("broken"), { onError: (error) => errors.push(error) });
  broken.publishEventMetrics(event);
  expect(errors).toMatchObject([
    { code: "callback-failed", message: "inner: its predicate failed; the record was passed on", dropped: 0 },
  ]);
  expect(seen).toHaveLength(1);
});

test.each<[string, () => unknown]>([
  ["resolves to false", async () => false],
  ["rejects", async () => Promise.reject(new Error("broken"))],
  // oxlint-disable-next-line unicorn/no-thenable -- what a query builder returns
  ["is a thenable", () => ({ then: (resolve: (value: boolean) => void) => resolve(false) })],
])("lets records pass whose predicate returns a promise that %s, and reports it once", async (_what, predicate) => {
  const { publisher, seen } = inner();
  const errors: PublisherError[] = [];
  const wrapper = filtered(publisher, predicate as never, { onError: (error) => errors.push(error) });
  for (let count = 0; count < 3; count += 1) wrapper.publishEventMetrics(event);
  wrapper.publishNetworkMetrics(network);
  await new Promise((resolve) => setImmediate(resolve));
  await wrapper.close();
  expect(seen).toHaveLength(4);
  expect(errors.map(({ code, message, dropped }) => [code, message, dropped])).toEqual([
    [
      "callback-failed",
      "inner: its predicate returned a promise, so every record is passed on; return true or false instead",
      0,
    ],
  ]);
});

test("changes records before they reach the publisher, and its dictionary too", () => {
  const { publisher, seen } = inner();
  const wrapper = mapped(publisher, {
    event: (record) => ({ ...record, error: "redacted", attributes: { ...record.attributes, email: undefined } }),
    network: () => null,
  });
  wrapper.publishEventMetrics(event);
  wrapper.publishNetworkMetrics(network);
  expect(seen).toEqual([expect.objectContaining({ error: "redacted", attributes: { size: 1 } })]);
  expect(wrapper.formatMetrics(event)).toEqual(seen[0]);
  expect(wrapper.formatMetrics(network)).toMatchObject({ metric_type: "network", host: "", timestamp: null });
  expect(wrapper.health()).toMatchObject({ delivered: 1, ignoredBy: { filtered: 1 } });
});

test("drops a record whose mapping throws, gives a promise or another kind", () => {
  const { publisher, seen } = inner();
  const errors: PublisherError[] = [];
  const wrong: readonly (readonly [() => unknown, string])[] = [
    [() => fail("broken"), "failed"],
    [
      async () => Promise.reject(new Error("late")),
      "returned a promise, and mappings are not awaited; return the record itself",
    ],
    [() => network, "returned no record of the same kind; return one, or null to leave the record out"],
    [() => undefined, "returned nothing; return a record, or null to leave the record out"],
    [() => "text", "returned no record of the same kind; return one, or null to leave the record out"],
  ];
  for (const [mapping] of wrong) {
    const wrapper = mapped(publisher, { event: mapping as never }, { onError: (error) => errors.push(error) });
    wrapper.publishEventMetrics(event);
    expect(wrapper.health()).toMatchObject({ droppedBy: { failed: 1 } });
    const shown = wrapper.formatMetrics(event) as FormattedEvent;
    expect(shown).toMatchObject({ event_name: null, error: null });
    expect(JSON.stringify(shown)).not.toContain("secret");
  }
  expect(errors.map(({ code, message, dropped }) => [code, message, dropped])).toEqual(
    wrong.map(([, fault]) => ["callback-failed", `inner: record dropped: its mapping ${fault}`, 1]),
  );
  expect(seen).toEqual([]);
});

test("drops a record of the other kind as invalid before it is mapped", () => {
  const { publisher, seen } = inner();
  const wrapper = mapped(publisher, { event: (record) => record }, { onError: () => undefined });
  wrapper.publishEventMetrics(network as never);
  expect(wrapper.health()).toMatchObject({ droppedBy: { invalid: 1 } });
  expect(seen).toEqual([]);
});

test("closes the publisher inside once, or leaves it open where it is not owned", async () => {
  const owned = inner();
  const wrapper = filtered(owned.publisher, () => true);
  await wrapper.close();
  expect(owned.publisher.health().state).toBe("closed");
  expect(wrapper.health().state).toBe("closed");
  wrapper.publishEventMetrics(event);
  expect(wrapper.health()).toMatchObject({ droppedBy: { closed: 1 } });
  expect(await takeWarnings()).toMatchObject([
    { code: "record-dropped", message: "inner: record dropped: the publisher is closed" },
  ]);

  const shared = inner();
  await filtered(shared.publisher, () => true, { owned: false, name: "route" }).close();
  shared.publisher.publishEventMetrics(event);
  expect(shared.publisher.health()).toMatchObject({ state: "ok", delivered: 1 });
});

test("survives a publisher inside that throws, rejects or hangs", async () => {
  const { publisher } = inner();
  const errors: PublisherError[] = [];
  const broken: MetricsPublisher = {
    ...publisher,
    publishEventMetrics: () => fail("against the contract"),
    publishNetworkMetrics: async () => Promise.reject(new Error("late")),
    flush: async () => Promise.reject(new Error("no")),
    close: () => new Promise(() => undefined),
    health: () => fail("no"),
  };
  const wrapper = filtered(broken, () => true, { onError: (error) => errors.push(error) });
  wrapper.publishEventMetrics(event);
  wrapper.publishNetworkMetrics(network);
  expect(await wrapper.flush()).toMatchObject({ status: "aborted" });
  expect(wrapper.health()).toMatchObject({ state: "failing", droppedBy: { failed: 1 }, delivered: 1 });
  expect((await wrapper.close({ timeoutMs: 5 })).status).toBe("timeout");
  expect(errors.map(({ code, message }) => `${code}: ${message}`)).toEqual([
    "publisher-failed: inner: record dropped: the publisher inside threw",
    "publisher-failed: inner: the publisher inside failed",
    "publisher-failed: inner: the publisher inside failed",
  ]);
});

test("has the optional members of the publisher inside, and no others", () => {
  const bare = { ...inner().publisher };
  delete bare.start;
  const wrapped = filtered(bare, () => true);
  expect("start" in wrapped || "check" in wrapped).toBe(false);
  const startable = createPublisher({
    name: "inner",
    start: () => undefined,
    check: () => ({ ok: true, code: "ok", message: "" }),
  });
  expect(filtered(startable, () => true)).toMatchObject({ start: expect.any(Function), check: expect.any(Function) });
});

test("refuses what is no publisher, predicate or mapping in one sentence each", () => {
  const { publisher } = inner();
  expect(() => filtered({} as never, () => true)).toThrow(
    "filtered: an option is wrong\n  publisher: expected a publisher",
  );
  expect(() => filtered(publisher, "x" as never)).toThrow("predicate: expected a function");
  expect(() => mapped(publisher, { evnt: 1 } as never)).toThrow('mapping.evnt: unknown option, did you mean "event"?');
});

test("gives the publisher inside 50 ms beyond the time that both were given", async () => {
  for (const [lateMs, status] of [
    [49, "complete"],
    [51, "timeout"],
  ] as const) {
    const clock = createVirtualClock();
    const { publisher } = inner();
    const slow: MetricsPublisher = {
      ...publisher,
      flush: ({ timeoutMs = 0 } = {}) =>
        new Promise((resolve) => {
          clock.setTimeout(() => resolve(publisher.flush()), timeoutMs + lateMs);
        }),
    };
    const flushed = filtered(slow, () => true, { clock }).flush({ timeoutMs: 100 });
    await clock.advance(200);
    expect((await flushed).status).toBe(status);
  }
});

test("has a last success of its own, by its clock", async () => {
  const clock = createVirtualClock();
  const wrapper = filtered(inner().publisher, ({ startTime }) => startTime === event.startTime, { clock });
  wrapper.publishEventMetrics({ ...event, startTime: 1.6e12 });
  expect(wrapper.health().lastSuccess).toBeNull();
  await clock.advance(40);
  wrapper.publishEventMetrics(event);
  expect(wrapper.health().lastSuccess).toBe(clock.now());
});

test("a flush after the close gives the report of the close", async () => {
  const { publisher } = inner();
  const wrapper = filtered(publisher, () => true, { onError: () => undefined });
  wrapper.publishEventMetrics(event);
  const closed = wrapper.close();
  wrapper.publishEventMetrics(event);
  const report = await closed;
  expect(report).toMatchObject({ received: 2, delivered: 1, dropped: 1 });
  wrapper.publishEventMetrics(event);
  expect(await wrapper.flush()).toBe(report);
});

test("an async mapping lets nothing through, and is reported with what to do", async () => {
  const { publisher, seen } = inner();
  const errors: PublisherError[] = [];
  const wrapper = mapped(
    publisher,
    { event: (async (record: EventMetrics) => record) as never },
    { onError: (error) => errors.push(error) },
  );
  for (let count = 0; count < 5; count += 1) wrapper.publishEventMetrics(event);
  await wrapper.close();
  expect(seen).toEqual([]);
  expect(wrapper.health()).toMatchObject({ droppedBy: { failed: 5 } });
  expect(errors.map(({ dropped }) => dropped)).toEqual([1, 4]);
});

describe("reports", () => {
  const dropping = (): MetricsPublisher =>
    createPublisher({ name: "inner", event: () => fail("down") }, { onError: () => undefined });

  test.each(["flush", "close"] as const)("of %s() have the inner report as their only child", async (method) => {
    const wrapper = mapped(
      filtered(dropping(), () => true, { name: "filter" }),
      {},
      { name: "map" },
    );
    wrapper.publishEventMetrics(event);
    const report = await wrapper[method]();
    expect(report).toMatchObject({
      name: "map",
      status: "complete",
      delivered: 1,
      dropped: 0,
      droppedBy: {},
      durable: 0,
    });
    expect(report.children).toMatchObject([{ name: "filter", delivered: 1, children: [{}] }]);
    expect(report.children?.[0]?.children).toMatchObject([{ name: "inner", dropped: 1, droppedBy: { failed: 1 } }]);
  });

  test("have the inner report where the publisher inside is not closed, and where a flush is shorter than the close", async () => {
    const clock = createVirtualClock();
    const hung: MetricsPublisher = { ...dropping(), close: () => new Promise(() => undefined) };
    const wrapper = filtered(hung, () => true, { clock });
    wrapper.publishEventMetrics(event);
    const closing = wrapper.close({ timeoutMs: 3_000 });
    const flushed = wrapper.flush({ timeoutMs: 100 });
    await clock.advance(100);
    const lost = [{ name: "inner", status: "timeout", dropped: 1, droppedBy: { failed: 1 } }];
    expect(await flushed).toMatchObject({ status: "timeout", delivered: 1, children: lost });
    await clock.advance(2_950);
    expect(await closing).toMatchObject({ status: "timeout", delivered: 1, children: lost });
    expect((await filtered(dropping(), () => true, { owned: false }).close()).children).toMatchObject([
      { name: "inner" },
    ]);
  });

  test.each<[string, () => unknown]>([
    ["rejects", async () => Promise.reject(new Error("no"))],
    ["resolves with nothing", async () => undefined],
    ["resolves with something else", async () => ({ status: "fine" })],
    ["resolves with a text for a number", async () => ({ ...(await dropping().flush()), dropped: "1" })],
  ])("are aborted and made of the health for a flush that %s", async (_what, flush) => {
    const errors: PublisherError[] = [];
    const publisher = { ...dropping(), flush } as MetricsPublisher;
    const wrapper = filtered(publisher, () => true, { onError: (error) => errors.push(error) });
    wrapper.publishEventMetrics(event);
    expect(await wrapper.flush()).toMatchObject({
      status: "aborted",
      delivered: 1,
      children: [{ name: "inner", status: "aborted", dropped: 1, droppedBy: { failed: 1 } }],
    });
    expect(errors.map(({ code }) => code)).toEqual(["publisher-failed"]);
  });
});
