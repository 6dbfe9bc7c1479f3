import { expect, test } from "vitest";
import { createPublisher, filtered, PublisherError } from "../src/index.ts";
import { describeFailure } from "../src/publisher.ts";

const event = { eventName: "job", taskId: 1, startTime: 1.7e12, endTime: 1.7e12 + 5 };

function named(name: string, more: object = {}): Error {
  return Object.assign(new Error("token=secret"), { name, ...more });
}

test.each<[caught: unknown, text: string]>([
  [
    new PublisherError("the backend answered 401", { code: "held", publisher: "a" }),
    ": a: the backend answered 401 (held)",
  ],
  [new Error("token=secret"), ""],
  [new TypeError("token=secret"), " (TypeError)"],
  [Object.assign(new Error("token=secret"), { code: "ECONNREFUSED" }), " (ECONNREFUSED)"],
  [Object.assign(new RangeError("token=secret"), { code: "ERR_OUT_OF_RANGE" }), " (RangeError ERR_OUT_OF_RANGE)"],
  [new DOMException("token=secret", "TimeoutError"), " (TimeoutError)"],
  [named("token=secret"), ""],
  [named("S".repeat(61)), ""],
  [named("TypeError", { code: "secret" }), " (TypeError)"],
  [{ name: "TypeError" }, ""],
  ["token=secret", ""],
  [null, ""],
  [undefined, ""],
])("describes %s without an arbitrary message", (caught, text) => {
  expect(describeFailure(caught)).toBe(text);
});

test("describes nothing of an object whose getters throw", () => {
  const hostile = new Proxy({}, { get: () => expect.unreachable() });
  expect(describeFailure(hostile)).toBe("");
});

test("a PublisherError that a handler throws is shown with message and code, other errors with their name", () => {
  const messages: string[] = [];
  const common = { onError: ({ message }: PublisherError) => void messages.push(message) };
  const event401 = (): never => {
    throw new PublisherError("the backend answered 401", { code: "unauthorized", publisher: "inside" });
  };
  createPublisher({ name: "example", event: event401 }, common).publishEventMetrics(event);
  const predicate = (): never => {
    throw new TypeError("of a payload");
  };
  const inner = createPublisher({ name: "inner", event: () => undefined });
  filtered(inner, predicate, common).publishEventMetrics(event);
  expect(messages).toEqual([
    "example: record dropped: the handler failed: inside: the backend answered 401 (unauthorized)",
    "inner: its predicate failed (TypeError); the record was passed on",
  ]);
});
