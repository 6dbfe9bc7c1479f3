import { createVirtualClock } from "../../testkit/src/virtual-clock.ts";
import { describe, expect, test } from "vitest";
import type { Diagnostic, EventMetrics } from "../src/index.ts";
import { createIntake, createLedger, createReporter } from "../src/publisher.ts";

function openIntake(unfinished?: "accept" | "ignore") {
  const clock = createVirtualClock();
  const ledger = createLedger();
  const diagnostics: Diagnostic[] = [];
  const reporter = createReporter("example", { clock, onDiagnostic: (diagnostic) => diagnostics.push(diagnostic) });
  const accepted: string[] = [];
  const intake = createIntake({
    scope: "document",
    ledger,
    reporter,
    clock,
    unfinished,
    event: ({ eventName }) => accepted.push(eventName),
    network: ({ operation }) => accepted.push(operation),
  });
  const publish = (more: Partial<EventMetrics> = {}): void =>
    intake.event({ eventName: "import", taskId: 1, startTime: 1.8e12, ...more });
  return { clock, ledger, diagnostics, accepted, intake, publish };
}

describe("records without an endTime", () => {
  test("are accepted unless the publisher ignores them", async () => {
    const { clock, ledger, diagnostics, accepted, publish } = openIntake();
    publish({ status: "completed" });
    await clock.advance(10_000);
    expect(accepted).toEqual(["import"]);
    expect(ledger.counts().ignored).toBe(0);
    expect(diagnostics).toEqual([]);
  });

  test("of executions that have ended are reported once, with their number and what to set", async () => {
    const { clock, ledger, diagnostics, accepted, intake, publish } = openIntake("ignore");
    publish({ status: "completed" });
    publish({ error: new Error("no input") });
    intake.network({ operation: "get", host: "example", port: 80, startTime: 1.8e12 } as never);
    publish({ status: "completed", endTime: 1.8e12 });
    await clock.advance(1_000);
    for (let count = 0; count < 10; count += 1) publish({ status: "completed" });
    await clock.advance(10_000);
    intake.close();
    expect(accepted).toEqual(["import"]);
    expect(diagnostics).toEqual([
      {
        code: "unfinished-records",
        publisher: "example",
        message: expect.stringMatching(/^example: 3 records ignored: .*endTime/),
        count: 3,
      },
    ]);
    expect(ledger.counts()).toMatchObject({ received: 14, ignored: 13 });
  });

  test("are reported at the close, if it comes before", () => {
    const { diagnostics, intake, publish } = openIntake("ignore");
    publish({ status: "completed" });
    expect(diagnostics).toEqual([]);
    intake.close();
    intake.close();
    expect(diagnostics).toMatchObject([{ code: "unfinished-records", count: 1 }]);
  });

  test("of executions that are pending or running are ignored without a word", async () => {
    const { clock, ledger, diagnostics, intake, publish } = openIntake("ignore");
    for (const status of ["pending", "running", undefined]) publish({ status });
    await clock.advance(10_000);
    intake.close();
    expect(ledger.counts()).toMatchObject({ received: 3, ignored: 3 });
    expect(diagnostics).toEqual([]);
  });
});
