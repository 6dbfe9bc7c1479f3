import { isPublisherError } from "@eventmeter/core";
import { CompositePublisher } from "@eventmeter/publisher-composite";
import { RecordingPublisher } from "@eventmeter/testkit";
import { describe, expect, test } from "vitest";
import { publisher } from "./doubles.ts";

function problemsOf(publishers: unknown, options?: unknown): string[] {
  try {
    void new CompositePublisher(publishers as never, options as never);
  } catch (caught) {
    if (isPublisherError(caught) && caught.code === "options")
      return caught.message
        .split("\n")
        .slice(1)
        .map((line) => line.trim());
  }
  throw new TypeError("nothing was rejected");
}

const EITHER = "expected a publisher or { publisher, events?, network?, owned? }";

const COMMON = "expected an object { name, resource, onError, onDiagnostic, clock }";

describe("a composite rejects", () => {
  test("everything that is wrong in one error, entries by their index", () => {
    const lines = problemsOf(
      [
        publisher("one"),
        null,
        { publisher: publisher("two"), events: "all", netwrk: false, owned: 1 },
        publisher("one"),
        { publisher: 7 },
        publisher("three", { contract: 2 }),
        publisher("four", { flush: undefined, close: "soon" }),
        publisher("five", { name: "" }),
      ],
      { name: "Not Kebab", onEror: () => undefined },
    );
    expect(lines).toEqual([
      `publishers[1]: ${EITHER}, got null`,
      'publishers[2].netwrk: unknown option, did you mean "network"?',
      "publishers[2].events: expected true, false or a function, got a string",
      "publishers[2].owned: expected true or false, got a number",
      'publishers[3]: the name "one" is taken by publishers[0]',
      "publishers[4].publisher: expected a publisher, got a number",
      "publishers[5]: expected a publisher of contract version 1, got version 2",
      "publishers[6]: expected a publisher; flush, close missing",
      "publishers[7]: expected a publisher with a name",
      'options.onEror: unknown option, did you mean "onError"?',
      "options.name: expected a kebab-case name of at most 64 characters, such as job-metrics",
    ]);
  });

  test("each further child of a name, naming the first one", () => {
    const same = [publisher("one"), publisher("one"), { publisher: publisher("one") }];
    expect(problemsOf(same)).toEqual([
      'publishers[1]: the name "one" is taken by publishers[0]',
      'publishers[2].publisher: the name "one" is taken by publishers[0]',
    ]);
  });

  test("a list that is none", () => {
    expect(problemsOf(undefined)).toEqual(["publishers: missing"]);
    expect(problemsOf(publisher("one"))).toEqual(["publishers: expected an array of publishers, got an object"]);
    expect(problemsOf(Array(1))).toEqual([`publishers[0]: ${EITHER}, got undefined`]);
  });

  test("options that are no object", () => {
    expect(problemsOf([], null)).toEqual([`options: ${COMMON}, got null`]);
    expect(problemsOf([], [])).toEqual([`options: ${COMMON}, got an array`]);
  });

  test("an object without a contract", () => {
    const { contract: _, ...rest } = publisher("one");
    expect(problemsOf([rest])).toEqual(["publishers[0]: expected a publisher, whose property contract is 1"]);
  });

  test("an entry without a publisher, with the right name for a misspelt one", () => {
    expect(problemsOf([{ publsher: publisher("one") }])).toEqual([
      'publishers[0].publsher: unknown option, did you mean "publisher"?',
      "publishers[0].publisher: missing",
    ]);
  });

  test("an entry with the names of other libraries, with the right ones", () => {
    expect(problemsOf([{ publisher: publisher("one"), filter: () => true }])).toEqual([
      "publishers[0].filter: unknown option; use events and network, each with a predicate",
    ]);
  });

  test("what cannot be read", () => {
    const hostile = new Proxy(
      {},
      {
        has: () => {
          throw new Error("secret");
        },
      },
    );
    const named = publisher("one", {});
    Object.defineProperty(named, "name", {
      get: () => {
        throw new Error("secret");
      },
    });
    expect(problemsOf([hostile, named])).toEqual([
      "publishers[0]: could not be read",
      "publishers[1]: could not be read",
    ]);
  });
});

test("a composite takes publishers of classes, whose members are inherited", () => {
  const composite = new CompositePublisher([
    new RecordingPublisher(),
    { publisher: new CompositePublisher([], { name: "inner" }) },
  ]);
  expect(composite.health().children?.map(({ name }) => name)).toEqual(["recording", "inner"]);
});

test("a composite is called composite unless it is given a name", () => {
  expect(new CompositePublisher([]).name).toBe("composite");
  expect(new CompositePublisher([], { name: "all-of-them" }).name).toBe("all-of-them");
  expect(new CompositePublisher([]).contract).toBe(1);
});
