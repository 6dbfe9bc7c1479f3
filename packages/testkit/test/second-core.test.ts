import { filtered, isPublisherError, PublisherError } from "@eventmeter/core";
import { conformanceCases } from "@eventmeter/testkit";
import { describe, expect, test, vi } from "vitest";

vi.resetModules();
const second = await import("@eventmeter/core");

test("the copies are two", () => {
  expect(second.PublisherError).not.toBe(PublisherError);
});

test("each copy recognises the errors of the other", () => {
  const init = { code: "options", publisher: "example" };
  expect(isPublisherError(new second.PublisherError("wrong", init))).toBe(true);
  expect(second.isPublisherError(new PublisherError("wrong", init))).toBe(true);
});

describe("a publisher of a second copy of core, in a wrapper of the first", () => {
  const nothing = (): void => {};
  const suite = conformanceCases({
    create: (options) => {
      const inner = second.createPublisher({ name: "example", event: nothing, network: nothing }, options);
      return filtered(inner, () => true, { onError: options.onError, clock: options.clock });
    },
  });
  for (const { name, run } of suite) test(name, run);
});
