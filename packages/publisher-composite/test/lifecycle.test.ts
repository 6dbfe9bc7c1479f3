import { isPublisherError, PublisherError, type WaitOptions } from "@eventmeter/core";
import { CompositePublisher } from "@eventmeter/publisher-composite";
import { createVirtualClock, RecordingPublisher } from "@eventmeter/testkit";
import { describe, expect, test } from "vitest";
import { CHILD_GRACE_MS, errorLog, event, healthOf, never, nothing, publisher, reportOf, settled } from "./doubles.ts";

const throwing = (): never => {
  throw new Error("at once");
};
const rejecting = (): Promise<never> => Promise.reject(new Error("later"));

async function failureOf(work: Promise<unknown>): Promise<PublisherError> {
  const caught = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!isPublisherError(caught)) throw new TypeError("no PublisherError");
  return caught;
}

describe("start", () => {
  test("starts every child once, also when it is called again", async () => {
    const starts: string[] = [];
    const child = (name: string) => publisher(name, { start: async () => void starts.push(name) });
    const composite = new CompositePublisher([child("one"), publisher("two", { start: undefined }), child("three")]);
    await Promise.all([composite.start(), composite.start()]);
    await composite.start();
    expect(starts).toEqual(["one", "three"]);
  });

  test("rejects with one error that names every child that failed, after the others have started", async () => {
    const started: string[] = [];
    const slow = async (): Promise<void> => {
      await settled();
      started.push("slow");
    };
    const taken = new PublisherError("the port is taken", { code: "start-failed", publisher: "page" });
    const composite = new CompositePublisher([
      publisher("page", { start: () => Promise.reject(taken) }),
      publisher("throwing", { start: throwing }),
      publisher("slow", { start: slow }),
    ]);
    const error = await failureOf(composite.start());
    expect(started).toEqual(["slow"]);
    expect(error).toMatchObject({ code: "start-failed", publisher: "composite", retryable: true });
    expect(error.message).toBe(
      "composite: 2 of 3 publishers did not start\n  page: the port is taken\n  throwing: its start failed",
    );
    expect((error.cause as AggregateError).errors[0]).toBe(taken);
  });

  test("is worth another try only if a child's is", async () => {
    const final = new PublisherError("no", { code: "start-failed", publisher: "one", retryable: false });
    const composite = new CompositePublisher([publisher("one", { start: () => Promise.reject(final) })]);
    expect(await failureOf(composite.start())).toMatchObject({ retryable: false, cause: final });
  });

  test("tries again the children that failed, and only those", async () => {
    const starts: string[] = [];
    const flaky = async (): Promise<void> => {
      starts.push("flaky");
      if (starts.length < 3) throw new Error("not yet");
    };
    const good = async (): Promise<void> => void starts.push("good");
    const composite = new CompositePublisher([
      publisher("flaky", { start: flaky }),
      publisher("good", { start: good }),
    ]);
    await failureOf(composite.start());
    await composite.start();
    expect(starts).toEqual(["flaky", "good", "flaky"]);
  });

  test("ends within its timeout and names the child that hangs", async () => {
    const clock = createVirtualClock();
    const composite = new CompositePublisher([publisher("hung", { start: never }), publisher("good")], { clock });
    const failure = failureOf(composite.start({ timeoutMs: 300 }));
    await clock.advance(300 + CHILD_GRACE_MS);
    expect((await failure).message).toBe(
      "composite: 1 of 2 publishers did not start\n  hung: its start did not end in time (timeout)",
    );
  });

  test("rejects when the composite is closed", async () => {
    const composite = new CompositePublisher([publisher("one")]);
    await composite.close();
    expect(await failureOf(composite.start())).toMatchObject({ code: "start-failed", retryable: false });
  });
});

describe("flush and close", () => {
  test.each(["flush", "close"] as const)(
    "%s reports the composite's own numbers and the worst status",
    async (method) => {
      const children = (["complete", "timeout", "complete"] as const).map((status, index) =>
        publisher(`child${index}`, { [method]: async () => reportOf({ status, received: 99, pending: 9 }) }),
      );
      const composite = new CompositePublisher(children);
      composite.publishEventMetrics(event());
      const { children: reports, ...own } = await composite[method]();
      expect(own).toEqual(
        reportOf({ name: "composite", status: "timeout", received: 1, delivered: 1, droppedBy: {}, durable: 0 }),
      );
      expect(reports).toMatchObject([
        { name: "child0", status: "complete", received: 99, pending: 9 },
        { name: "child1", status: "timeout", received: 99, pending: 9 },
        { name: "child2", status: "complete", received: 99, pending: 9 },
      ]);
    },
  );

  test.each(["flush", "close"] as const)("%s takes aborted for worse than timeout", async (method) => {
    for (const statuses of [
      ["timeout", "aborted"],
      ["aborted", "timeout"],
    ] as const) {
      const children = statuses.map((status) => publisher(status, { [method]: async () => reportOf({ status }) }));
      expect((await new CompositePublisher(children)[method]()).status).toBe("aborted");
    }
  });

  test.each(["flush", "close"] as const)("%s hands its options to every child", async (method) => {
    const given: unknown[] = [];
    const take = async (options: WaitOptions) => {
      given.push(options);
      return reportOf();
    };
    const options = { timeoutMs: 77, signal: new AbortController().signal };
    await new CompositePublisher([publisher("one", { [method]: take }), publisher("two", { [method]: take })])[method](
      options,
    );
    expect(given).toEqual([options, options]);
  });

  test.each(["flush", "close"] as const)(
    "%s survives children that throw, reject or give no report",
    async (method) => {
      const { errors, onError } = errorLog();
      const good = new RecordingPublisher();
      const composite = new CompositePublisher(
        [
          publisher("throwing", { [method]: throwing }),
          publisher("rejecting", { [method]: rejecting }),
          publisher("mute", { [method]: async () => undefined }),
          good,
        ],
        { onError },
      );
      composite.publishEventMetrics(event());
      expect((await composite[method]()).status).toBe("aborted");
      expect(errors.map(({ code, publisher: name }) => `${name}: ${code}`).toSorted()).toEqual([
        "mute: publisher-failed",
        "rejecting: publisher-failed",
        "throwing: publisher-failed",
      ]);
      expect(good.health().state).toBe(method === "close" ? "closed" : "ok");
    },
  );

  test.each(["flush", "close"] as const)(
    "%s of many hanging children takes one timeout, not their sum",
    async (method) => {
      const clock = createVirtualClock();
      const hung = Array.from({ length: 10 }, (_, index) => publisher(`hung${index}`, { [method]: never }));
      const composite = new CompositePublisher([...hung, publisher("good")], { clock });
      const begun = clock.monotonic();
      let took: number | undefined;
      const work = composite[method]({ timeoutMs: 500 }).then((report) => {
        took = clock.monotonic() - begun;
        return report;
      });
      await clock.advance(499 + CHILD_GRACE_MS);
      expect(took).toBeUndefined();
      await clock.advance(1);
      expect((await work).status).toBe("timeout");
      expect(took).toBe(500 + CHILD_GRACE_MS);
    },
  );

  test("flush waits 5 s if nothing else is said, and ends early when it is aborted", async () => {
    const clock = createVirtualClock();
    const composite = new CompositePublisher([publisher("hung", { flush: never })], { clock });
    const [controller, statuses]: [AbortController, string[]] = [new AbortController(), []];
    void composite.flush().then(({ status }) => statuses.push(status));
    void composite.flush({ signal: controller.signal }).then(({ status }) => statuses.push(status));
    controller.abort();
    await clock.advance(4_999 + CHILD_GRACE_MS);
    expect(statuses).toEqual(["aborted"]);
    await clock.advance(1);
    expect(statuses).toEqual(["aborted", "timeout"]);
  });

  test("flush waits for the promises that publish returned before it", async () => {
    let release: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const composite = new CompositePublisher([publisher("slow", { publishEventMetrics: () => gate })]);
    composite.publishEventMetrics(event());
    let ended = false;
    const flushed = composite.flush().then(() => (ended = true));
    await settled();
    expect(ended).toBe(false);
    release?.();
    await flushed;
  });

  test("close closes the children that are owned and flushes the others", async () => {
    const calls: string[] = [];
    const child = (name: string) =>
      publisher(name, {
        flush: async () => (calls.push(`flush ${name}`), reportOf()),
        close: async () => (calls.push(`close ${name}`), reportOf()),
      });
    await new CompositePublisher([child("one"), { publisher: child("two"), owned: false }]).close();
    expect(calls).toEqual(["close one", "flush two"]);
  });

  test("close gives the same promise on every call, and flush gives it too afterwards", async () => {
    const composite = new CompositePublisher([publisher("one")]);
    const closing = composite.close();
    expect(composite.close({ timeoutMs: 1 })).toBe(closing);
    expect(await composite.flush()).toBe(await closing);
  });

  test("flush keeps its own time and signal while a longer close is under way", async () => {
    const clock = createVirtualClock();
    const hung = publisher("hung", { close: never, health: () => healthOf("hung", { received: 2, pending: 2 }) });
    const composite = new CompositePublisher([hung], { clock });
    const closing = composite.close({ timeoutMs: 3_000 });
    const controller = new AbortController();
    const flushes = [composite.flush({ timeoutMs: 100 }), composite.flush({ signal: controller.signal })];
    controller.abort();
    await clock.advance(100);
    for (const [index, status] of (["timeout", "aborted"] as const).entries()) {
      const children = [{ name: "hung", status, received: 2, pending: 2 }];
      expect(await flushes[index]).toMatchObject({ name: "composite", status, children });
    }
    await clock.advance(2_900 + CHILD_GRACE_MS);
    expect((await closing).status).toBe("timeout");
  });

  test("close from within a publish lets the record reach the children behind", async () => {
    const closer = publisher("closer", { publishEventMetrics: () => void composite.close() });
    const last = new RecordingPublisher({ name: "last" });
    const composite: CompositePublisher = new CompositePublisher([closer, last], { onError: nothing });
    composite.publishEventMetrics(event());
    composite.publishEventMetrics(event());
    await composite.close();
    expect(last.events).toHaveLength(1);
    expect(composite.health()).toMatchObject({ received: 2, delivered: 1, droppedBy: { closed: 1 }, state: "closed" });
  });

  test("await using closes", async () => {
    const child = new RecordingPublisher();
    {
      await using composite = new CompositePublisher([child]);
      composite.publishEventMetrics(event());
    }
    expect(child.health()).toMatchObject({ state: "closed", delivered: 1 });
  });

  test("close leaves no timer behind", async () => {
    const clock = createVirtualClock();
    const bad = publisher("bad", { publishEventMetrics: throwing });
    const composite = new CompositePublisher([bad], { clock, onError: nothing });
    composite.publishEventMetrics(event());
    expect(clock.pendingTimers).toBe(1);
    await composite.close();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("check", () => {
  const ok = { ok: true, code: "ok", message: "fine" };

  test("is ok only if every child is, with the children's reports in their order", async () => {
    const bad = { ok: false, code: "unauthorized", message: "the key is wrong", hint: "make a new key" };
    const children = [publisher("one", { check: async () => ok }), publisher("two", { check: async () => bad })];
    expect(await new CompositePublisher(children.slice(0, 1)).check()).toEqual({
      ok: true,
      code: "ok",
      message: "composite: all 1 publishers are ok",
      children: [ok],
    });
    expect(await new CompositePublisher(children).check()).toEqual({
      ok: false,
      code: "publisher-failed",
      message: "composite: 1 of 2 publishers failed their check: two",
      hint: "make a new key",
      children: [ok, bad],
    });
  });

  test("takes a child without a check for ok, and says so", async () => {
    const report = await new CompositePublisher([publisher("plain", { check: undefined })]).check();
    expect(report).toMatchObject({ ok: true, children: [{ ok: true, message: "plain: it has no check" }] });
  });

  test("never rejects: a child that throws, rejects, hangs or gives no report has failed its check", async () => {
    const clock = createVirtualClock();
    const unreachable = new PublisherError("not there", { code: "unreachable", publisher: "known" });
    const composite = new CompositePublisher(
      [
        publisher("throwing", { check: throwing }),
        publisher("known", { check: () => Promise.reject(unreachable) }),
        publisher("mute", { check: async () => "fine" }),
        publisher("hostile", {
          check: async () => ({
            ...ok,
            get code() {
              return throwing();
            },
          }),
        }),
        publisher("wordless", { check: async () => ({ ok: true }) }),
        publisher("hung", { check: never }),
        publisher("good", { check: async () => ok }),
      ],
      { clock },
    );
    const checked = composite.check({ timeoutMs: 100 });
    await clock.advance(100 + CHILD_GRACE_MS);
    const report = await checked;
    expect(report.message).toBe(
      "composite: 6 of 7 publishers failed their check: throwing, known, mute, hostile, wordless, hung",
    );
    expect(report.children).toEqual([
      { ok: false, code: "publisher-failed", message: "throwing: its check failed" },
      { ok: false, code: "unreachable", message: "known: not there" },
      { ok: false, code: "publisher-failed", message: "mute: its check gave no report" },
      { ok: false, code: "publisher-failed", message: "hostile: its check gave no report" },
      { ok: false, code: "publisher-failed", message: "wordless: its check gave no report" },
      { ok: false, code: "timeout", message: "hung: its check did not end in time (timeout)" },
      ok,
    ]);
  });

  test("of a closed composite says that it is closed", async () => {
    const composite = new CompositePublisher([]);
    await composite.close();
    expect(await composite.check()).toMatchObject({ ok: false, code: "closed" });
  });
});
