import { expect, test } from "vitest";
import { createVirtualClock } from "../../testkit/src/virtual-clock.ts";
import { createPublisher, type PublisherError } from "../src/index.ts";
import { createIntake, createLedger, createLifeCycle, createReporter, type RecordFlow } from "../src/publisher.ts";

const traffic = { operation: "GET", host: "", port: 1, bytesSent: 0, bytesReceived: 0 };
const event = { eventName: "job", taskId: 1, startTime: 1.7e12, endTime: 1.7e12 + 5 };

test.each([
  ["without a start hook", undefined],
  ["with one that has succeeded", () => undefined],
])("calls the close hook once when the close is aborted from the start, %s", async (_, start) => {
  let closes = 0;
  const publisher = createPublisher({ name: "example", start, event: () => undefined, close: () => (closes += 1) });
  publisher.publishEventMetrics(event);
  await publisher.start?.();
  await publisher.close({ signal: AbortSignal.abort() });
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(closes).toBe(1);
});

function lifeCycleOver(flow: Partial<RecordFlow>) {
  const errors: PublisherError[] = [];
  const clock = createVirtualClock();
  const ledger = createLedger();
  const reporter = createReporter("example", { clock, onError: (error) => errors.push(error) });
  let closes = 0;
  const { publisher } = createLifeCycle({
    name: "example",
    clock,
    ledger,
    reporter,
    intake: createIntake({ scope: "document", ledger, reporter }),
    flow: { failing: false, ...flow },
    hooks: { close: () => (closes += 1) },
  });
  return { publisher, errors, closes: () => closes };
}

const broken = (): never => {
  throw new Error("against the interface");
};

test.each<[string, Partial<RecordFlow>, string]>([
  ["stop that throws", { stop: broken }, "complete"],
  ["stop that rejects", { stop: () => Promise.reject(new Error("no")) }, "complete"],
  ["drain that throws", { drain: broken }, "aborted"],
])("survives a %s: reports it, and calls the close hook", async (_, flow, status) => {
  const { publisher, errors, closes } = lifeCycleOver(flow);
  expect((await publisher.close({ timeoutMs: 5 })).status).toBe(status);
  expect(closes()).toBe(1);
  expect(errors.map(({ code }) => code)).toEqual(["publisher-failed"]);
});

test("calls the functions of a definition as its methods", async () => {
  const called: string[] = [];
  class Definition {
    readonly name = "example";
    #note(name: string): void {
      called.push(name);
    }
    start(): void {
      this.#note("start");
    }
    event(): void {
      this.#note("event");
    }
    network(): void {
      this.#note("network");
    }
    flush(): void {
      this.#note("flush");
    }
    check(): { ok: true; code: string; message: string } {
      this.#note("check");
      return { ok: true, code: "ok", message: "it works" };
    }
    close(): void {
      this.#note("close");
    }
  }
  const publisher = createPublisher(new Definition());
  await publisher.start?.();
  publisher.publishEventMetrics(event);
  publisher.publishNetworkMetrics({ ...traffic, startTime: event.startTime });
  await publisher.check?.();
  await publisher.close();
  expect(called).toEqual(["start", "event", "network", "check", "flush", "close"]);
});
