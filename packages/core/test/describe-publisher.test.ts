// The check whether a value is a publisher.
import { expect, test } from "vitest";
import { closeOnExit, filtered, isPublisherError, noopPublisher } from "../src/index.ts";
import { describePublisher } from "../src/publisher.ts";

const METHODS = ["publishEventMetrics", "publishNetworkMetrics", "formatMetrics", "flush", "close", "health"] as const;

const publisherWith = (change: Readonly<Record<string, unknown>>): unknown => ({ ...noopPublisher(), ...change });

test("accepts a publisher, also one without start and check or with members of its own", () => {
  expect(describePublisher(noopPublisher())).toBeUndefined();
  expect(describePublisher(publisherWith({ start: undefined, check: undefined, own: 1 }))).toBeUndefined();
});

test.each(METHODS)("names %s where it is missing or not a function", (method) => {
  expect(describePublisher(publisherWith({ [method]: undefined }))).toBe(`expected a publisher; ${method} missing`);
  expect(describePublisher(publisherWith({ [method]: {} }))).toBe(`expected a publisher; ${method} missing`);
});

test("names every method that is missing", () => {
  expect(describePublisher({ contract: 1, name: "example", flush: () => undefined })).toBe(
    `expected a publisher; ${METHODS.filter((method) => method !== "flush").join(", ")} missing`,
  );
});

test.each([
  ["nothing", undefined, "expected a publisher, got undefined"],
  ["null", null, "expected a publisher, got null"],
  ["a function", noopPublisher, "expected a publisher, got a function"],
  ["a text", "publisher", "expected a publisher, got a string"],
  ["a list of publishers", [noopPublisher()], "expected a publisher, got an array"],
  ["a promise of one", Promise.resolve(noopPublisher()), "expected a publisher, got a promise"],
  ["an object without a contract", {}, "expected a publisher, whose property contract is 1"],
  ["a contract that is a text", publisherWith({ contract: "1" }), "expected a publisher, whose property contract is 1"],
  ["another contract", publisherWith({ contract: 2 }), "expected a publisher of contract version 1, got version 2"],
  ["no name", publisherWith({ name: undefined }), "expected a publisher with a name"],
  ["an empty name", publisherWith({ name: "" }), "expected a publisher with a name"],
  ["a name that is a number", publisherWith({ name: 1 }), "expected a publisher with a name"],
])("describes %s", (_what, value, problem) => {
  expect(describePublisher(value)).toBe(problem);
});

test.each(METHODS)("filtered and closeOnExit reject a publisher without %s", (method) => {
  const broken = publisherWith({ [method]: undefined }) as never;
  for (const use of [() => filtered(broken, () => true), () => closeOnExit(broken)]) {
    let caught: unknown;
    try {
      use();
    } catch (error) {
      caught = error;
    }
    expect(isPublisherError(caught) && caught.message).toContain(`publisher: expected a publisher; ${method} missing`);
  }
});
