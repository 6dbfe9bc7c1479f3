// Everything that a publisher shows, and the search through it.
import { createPublisher, type MetricsPublisher, PublisherError } from "@eventmeter/core";
import { canaryRecords, collectOutput, findLeaks } from "@eventmeter/testkit";
import { describe, expect, test } from "vitest";

const secrets = { password: "Canary-Password-1q9z", token: "Canary.Bearer-8r4v", ...canaryRecords.values };
const nothing = (): void => {};

describe("collectOutput", () => {
  test("publishes both canary records, and returns what a publisher shows from its construction to its close", async () => {
    const seen: unknown[] = [];
    const calls: string[] = [];
    const output = await collectOutput((options) => {
      options.onDiagnostic?.({ code: "found", publisher: "example", message: "constructed" });
      return createPublisher(
        {
          name: "example",
          event: (data) => seen.push(data.task_id),
          network: (data) => seen.push(data.host),
          start: () => calls.push("start"),
          flush: () => calls.push("flush"),
          check: () => (calls.push("check"), { ok: true, code: "ok", message: "reachable" }),
          close: () => calls.push("close"),
        },
        options,
      );
    });
    expect(seen).toEqual([secrets.taskId, secrets.host]);
    expect(calls).toEqual(["start", "flush", "check", "flush", "close"]);
    expect(output).toMatchObject({
      onError: [],
      onDiagnostic: [{ code: "found" }],
      rejections: [],
      reports: [
        { status: "complete", delivered: 2 },
        { status: "complete", delivered: 2 },
      ],
      checks: [{ ok: true, message: "reachable" }],
      healths: [
        { state: "ok", delivered: 2 },
        { state: "closed", delivered: 2 },
      ],
      publishers: [{ name: "example" }],
    });
  });

  test("waits for a flush no longer than until the first failure, and for each other step a fifth of a second", async () => {
    const begun = performance.now();
    const never = (): Promise<never> => new Promise(() => {});
    const output = await collectOutput((options) =>
      createPublisher(
        { name: "example", event: never, network: () => Promise.reject(new Error("broken")), close: never },
        options,
      ),
    );
    expect(performance.now() - begun).toBeLessThan(1_500);
    expect(output.onError).toMatchObject([{ code: "publisher-failed" }, { code: "record-dropped" }]);
    expect(output.reports).toMatchObject([{ dropped: 2 }, { dropped: 2 }]);
  });

  test("gives up a flush that shows nothing after 2 seconds", async () => {
    const begun = performance.now();
    const stalled = { name: "example", event: () => new Promise(() => {}), network: nothing };
    const output = await collectOutput((options) => createPublisher(stalled, options));
    expect(performance.now() - begun).toBeGreaterThan(1_900);
    expect(output.reports).toMatchObject([{ status: "timeout" }, { status: "timeout", pending: 1 }]);
  });

  test("returns what start() rejects with", async () => {
    const denied = new PublisherError("the key is wrong", { code: "start-failed", publisher: "example" });
    const output = await collectOutput((options) =>
      createPublisher({ name: "example", event: nothing, start: () => Promise.reject(denied) }, options),
    );
    expect(output.rejections).toEqual([denied]);
    expect(output.onError[0]).toBe(denied);
  });

  test("needs neither start nor check", async () => {
    const output = await collectOutput((options) => {
      const publisher = createPublisher({ name: "example", event: nothing }, options);
      delete publisher.start;
      return publisher;
    });
    expect(output).toMatchObject({ rejections: [], checks: [undefined] });
  });
});

describe("findLeaks", () => {
  test("finds what a publisher gives away, in every part of its output", async () => {
    const output = await collectOutput((options): MetricsPublisher => {
      const { onError, onDiagnostic } = options;
      const inner = createPublisher(
        {
          name: "leaky",
          event() {
            throw new Error(`could not reach http://eve:${secrets.password}@x`);
          },
          check: () => ({ ok: false, code: "x", message: `with ${secrets.token}` }),
        },
        { onError },
      );
      onDiagnostic?.({ code: "x", publisher: "leaky", message: secrets.attribute });
      const start = (): Promise<void> => Promise.reject(new Error("leaky", { cause: { with: secrets.resource } }));
      const close: MetricsPublisher["close"] = async () =>
        Object.assign(await inner.close(), { trace: secrets.traceId });
      return {
        ...inner,
        name: secrets.errorMessage,
        start,
        close,
        health: () => ({ ...inner.health(), name: secrets.host }),
      };
    });
    expect(findLeaks(output, secrets)).toEqual([
      "onError: password",
      "onDiagnostic: attribute",
      "rejections: resource",
      "reports: traceId",
      "checks: token",
      "healths: host",
      "publishers: errorMessage",
    ]);
  });

  test("finds nothing in the output of a publisher that shows nothing", async () => {
    const output = await collectOutput((options) => createPublisher({ name: "example", event: nothing }, options));
    expect(findLeaks(output, secrets)).toEqual([]);
  });

  test("takes any object with lists of what was shown", () => {
    const shown = { warnings: [new Error(secrets.password)], onDrop: [secrets.token, secrets.password], other: ["x"] };
    expect(findLeaks(shown, secrets)).toEqual(["warnings: password", "onDrop: password", "onDrop: token"]);
    expect(findLeaks({}, secrets)).toEqual([]);
  });
});
