import { afterEach, expect, test, vi } from "vitest";
import { takeWarnings } from "../../../test/warnings.ts";
import { createVirtualClock } from "../../testkit/src/virtual-clock.ts";
import { type Diagnostic, isPublisherError, type PublisherError } from "../src/index.ts";
import { createReporter } from "../src/publisher.ts";

const clock = createVirtualClock();
afterEach(() => vi.restoreAllMocks());

function collect(): { errors: PublisherError[]; onError: (error: PublisherError) => void } {
  const errors: PublisherError[] = [];
  return { errors, onError: (error) => errors.push(error) };
}

test("gives every failure to onError with its publisher, code and cause", () => {
  const { errors, onError } = collect();
  const cause = new Error("inner");
  const reporter = createReporter("example", { onError, clock });
  reporter.error("publisher-failed", "the request failed", { retryable: true, dropped: 3, cause });
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatchObject({
    code: "publisher-failed",
    publisher: "example",
    retryable: true,
    dropped: 3,
    cause,
  });
  expect(errors[0]?.message).toBe("example: the request failed");
  expect(isPublisherError(errors[0])).toBe(true);
  expect(reporter.lastError).toEqual({
    code: "publisher-failed",
    message: "example: the request failed",
    time: clock.now(),
  });
});

test("sums up a flood of drops: the first at once, the rest of the second in one", async () => {
  const { errors, onError } = collect();
  const reporter = createReporter("example", { onError, clock });
  for (let count = 0; count < 1_000; count += 1) reporter.drop("invalid-record", "event dropped: eventName: empty");
  await clock.advance(999);
  expect(errors.map((error) => error.dropped)).toEqual([1]);
  await clock.advance(1);
  expect(errors.map((error) => error.dropped)).toEqual([1, 999]);
  expect(errors[1]?.message).toBe("example: event dropped: eventName: empty (999 since the last report)");
  await clock.advance(5_000);
  expect(errors).toHaveLength(2);
});

test("gives out what it still holds back when it settles", () => {
  const { errors, onError } = collect();
  const reporter = createReporter("example", { onError, clock });
  reporter.drop("record-dropped", "a");
  reporter.drop("record-dropped", "b", { count: 4 });
  void reporter.settle();
  expect(errors.map((error) => error.dropped)).toEqual([1, 4]);
  expect(clock.pendingTimers).toBe(0);
});

test("warns at most once a minute per code without onError, with the number held back", async () => {
  const reporter = createReporter("example", { clock });
  for (let count = 0; count < 5; count += 1) reporter.error("a", "first kind");
  reporter.error("b", "second kind");
  expect(await takeWarnings()).toMatchObject([
    { name: "EventmeterWarning", code: "a", message: "example: first kind" },
    { name: "EventmeterWarning", code: "b", message: "example: second kind" },
  ]);
  await clock.advance(59_999);
  reporter.error("b", "second kind");
  expect(await takeWarnings()).toEqual([]);
  await clock.advance(1);
  reporter.error("a", "first kind");
  reporter.error("a", "first kind");
  expect(await takeWarnings()).toMatchObject([
    { code: "a", message: "example: first kind (and 4 more since the last warning)" },
  ]);
  await clock.advance(60_000);
  reporter.error("a", "first kind");
  expect(await takeWarnings()).toMatchObject([
    { code: "a", message: "example: first kind (and 1 more since the last warning)" },
  ]);
});

test("survives handlers that throw, reject or report again", async () => {
  const HANDLER_THREW = "a handler of onError or onDiagnostic threw";
  const throwing = createReporter("throwing", { clock, onError: () => void fail() });
  throwing.error("a", "x");
  expect(await takeWarnings()).toMatchObject([{ code: "callback-failed", message: `throwing: ${HANDLER_THREW}` }]);

  const rejecting = createReporter("rejecting", { clock, onError: async () => Promise.reject(new Error("late")) });
  rejecting.error("a", "x");
  expect(await takeWarnings()).toMatchObject([{ code: "callback-failed", message: `rejecting: ${HANDLER_THREW}` }]);

  let calls = 0;
  const again = createReporter("again", {
    clock,
    onError() {
      calls += 1;
      again.error("a", "once more");
    },
  });
  again.error("a", "x");
  expect(calls).toBe(1);
  expect(await takeWarnings()).toMatchObject([{ code: "a", message: "again: once more" }]);
});

test("ends to settle although the handler causes further drops", async () => {
  let told = 0;
  const reporter = createReporter("example", {
    clock,
    onError() {
      told += 1;
      for (const code of ["a", "b", "c"]) reporter.drop(code, "once more");
    },
  });
  for (let count = 0; count < 3; count += 1) reporter.drop("a", "event dropped");
  await reporter.settle();
  reporter.drop("d", "after the close");
  expect(told).toBeLessThan(10);
  expect(clock.pendingTimers).toBe(0);
  // What is reported while the handler runs cannot go to the handler; settling writes what was suppressed.
  expect((await takeWarnings()).map(({ code }) => code)).toEqual(["b", "c", "a", "b", "c"]);
});

test("survives a host whose warnings throw", () => {
  vi.spyOn(process, "emitWarning").mockImplementation(() => fail());
  expect(() => createReporter("example", { clock }).error("a", "x")).not.toThrow();
});

test("gives a diagnostic to onDiagnostic, and to nobody without it", () => {
  const news: Diagnostic[] = [];
  createReporter("example", { clock, onDiagnostic: (diagnostic) => news.push(diagnostic) }).diagnostic(
    "installed",
    "template installed",
    2,
  );
  createReporter("example", { clock }).diagnostic("installed", "template installed");
  expect(news).toEqual([{ code: "installed", publisher: "example", message: "example: template installed", count: 2 }]);
});

function fail(): never {
  throw new Error("from the handler");
}

test("settling writes one last warning for each code that was suppressed, with its numbers", async () => {
  const write = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  const reporter = createReporter("example", { clock: createVirtualClock() });
  for (let count = 1; count <= 4; count += 1)
    reporter.error("send-failed", `failure ${count}`, { dropped: count === 1 ? 0 : 100 });
  reporter.error("held", "only once");
  await reporter.settle();
  await reporter.settle();
  expect(write.mock.calls.map(([message]) => message)).toEqual([
    "example: failure 1",
    "example: only once",
    "example: failure 4 (and 2 more since the last warning, 300 records dropped)",
  ]);
});
