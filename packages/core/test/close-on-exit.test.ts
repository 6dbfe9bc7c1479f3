import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test, vi } from "vitest";
import { closeOnExit, createPublisher, type MetricsPublisher, noopPublisher } from "../src/index.ts";
import { canRunAsProcess1, programRunner } from "./exit-harness.ts";

const source = fileURLToPath(new URL("../src", import.meta.url));
const run = programRunner("exit");

describe("at the end of a program", () => {
  test("closes, and the process waits for that", async () => {
    expect(await run("end")).toMatchObject({ output: "ready\nclosed: complete, 1 delivered\n", code: 0, errors: "" });
  });

  test("ends in time although the close hangs, and says what is lost", async () => {
    const { output, code } = await run("hang");
    expect(output).toBe("ready\nclosed: timeout, 0 delivered\n");
    expect(code).toBe(0);
  });

  test.each(["exits", "uncaught exception", "exit listener that exits"])(
    "says in one line on stderr how many records of which publisher are lost: %s",
    async (scenario) => {
      const { errors, code } = await run(scenario);
      const lines = errors.split("\n").filter((line) => line.startsWith("eventmeter:"));
      const lost = scenario === "exits" ? 3 : 2;
      expect(lines).toEqual([
        `eventmeter: the process ended before these records were sent: ${lost} of example. ` +
          "Await close() of the publisher, or of what closeOnExit() returned, before process.exit().",
      ]);
      expect(code).toBe({ exits: 4, "uncaught exception": 1, "exit listener that exits": 5 }[scenario]);
    },
  );
});

describe("on a signal that the program does not handle", () => {
  test("closes and lets the signal end the process", async () => {
    expect(await run("signal", { signals: ["SIGTERM"] })).toMatchObject({
      output: "ready\nclosed: complete, 1 delivered\n",
      errors: "",
      by: "SIGTERM",
    });
  });

  test.each(["throws", "rejects", "never ends"])("ends the process although the close %s", async (scenario) => {
    expect(await run(scenario, { signals: ["SIGTERM"] })).toMatchObject({ output: "ready\n", by: "SIGTERM" });
  });

  test("a second signal ends the process at once, and says what is lost", async () => {
    const { by, ms, errors } = await run("silent", { signals: ["SIGINT", "SIGINT"] });
    expect(by).toBe("SIGINT");
    expect(ms).toBeLessThan(3_000);
    expect(errors).toContain("3 of example");
  });

  describe.skipIf(!canRunAsProcess1())("as process 1, for which the kernel ignores the signal", () => {
    test("ends the process when the publisher is closed", async () => {
      expect(await run("signal", { signals: ["SIGTERM"], asProcess1: true })).toMatchObject({
        output: "ready\nclosed: complete, 1 delivered\n",
        errors: "",
        code: 143,
      });
    });

    test("ends the process at once on a second signal", async () => {
      const { code, ms, errors } = await run("silent", { signals: ["SIGINT", "SIGINT"], asProcess1: true });
      expect(code).toBe(130);
      expect(ms).toBeLessThan(5_000);
      expect(errors).toContain("3 of example");
    });

    test("ends the process beside signal-exit", async () => {
      const { output, code } = await run("signal-exit before", { signals: ["SIGTERM"], asProcess1: true });
      expect(output).toBe("ready\nclosed: complete, 1 delivered\nsignal-exit: SIGTERM\n");
      expect(code).toBe(143);
    });

    test("does not end a program that handles the signal", async () => {
      const { output, code } = await run("once after", { signals: ["SIGTERM"], asProcess1: true });
      expect(output).toBe("ready\nown handler: 2 received, 1 pending\nclosed: complete, 2 delivered\n");
      expect(code).toBe(0);
    });
  });

  test.each(["signal-exit before", "signal-exit after", "signal-exit 3 before", "signal-exit 3 after"])(
    "works beside %s",
    async (scenario) => {
      expect(await run(scenario, { signals: ["SIGTERM"] })).toMatchObject({
        output: "ready\nclosed: complete, 1 delivered\nsignal-exit: SIGTERM\n",
        by: "SIGTERM",
      });
    },
  );
});

describe("on a signal that the program handles", () => {
  test.each([
    "on before",
    "on after",
    "once before",
    "once after",
    "prepended once after",
    "removes itself",
    "removes all",
  ])("keeps accepting, closes at the natural end, and never ends the program: %s", async (scenario) => {
    expect(await run(scenario, { signals: ["SIGTERM"] })).toMatchObject({
      output: "ready\nown handler: 2 received, 1 pending\nclosed: complete, 2 delivered\n",
      errors: "",
      code: 0,
    });
  });

  test("is held a second at most by the flush of a silent backend, since the close comes later", () => {
    const waits: (number | undefined)[] = [];
    const publisher = createPublisher({ name: "example" });
    publisher.flush = async ({ timeoutMs } = {}) => {
      waits.push(timeoutMs);
      return new Promise(() => undefined);
    };
    const handles = [undefined, 200].map((timeoutMs) => closeOnExit(publisher, { signals: ["SIGUSR2"], timeoutMs }));
    process.once("SIGUSR2", () => undefined);
    process.emit("SIGUSR2");
    for (const { remove } of handles) remove();
    return vi.waitFor(() => expect(waits).toEqual([1_000, 200]));
  });

  test("a server that drains publishes what its last request publishes", async () => {
    expect(await run("draining", { signals: ["SIGTERM"] })).toMatchObject({
      output: "ready\nanswered 200\nclosed: complete, 1 delivered\n",
      code: 0,
    });
  });
});

describe("listeners", () => {
  const copies = mkdtempSync(join(tmpdir(), "eventmeter-core-"));
  afterAll(() => rmSync(copies, { recursive: true, force: true }));

  const count = (): number[] =>
    ["beforeExit", "exit", "removeListener", "SIGTERM"].map((name) => process.listenerCount(name));

  test("are one set for all publishers, gone with the last of them", async () => {
    const before = count();
    const publishers = Array.from({ length: 12 }, (_, index) => createPublisher({ name: `one${index}` }));
    const handles = publishers.map((publisher) => closeOnExit(publisher, { signals: ["SIGTERM"] }));
    expect(count()).toEqual(before.map((many) => many + 1));
    handles[0]?.remove();
    await Promise.all(handles.map(({ close }) => close()));
    expect(count()).toEqual(before);
  });

  test("forget a publisher that the program closed itself", async () => {
    const before = count();
    const closed = createPublisher({ name: "closed" });
    closeOnExit(closed, { signals: ["SIGTERM"] });
    await closed.close();
    const { remove } = closeOnExit(noopPublisher(), { signals: [] });
    remove();
    expect(count()).toEqual(before);
  });

  test("give the report to those who wait for it when they forget a publisher", async () => {
    const closed = createPublisher({ name: "closed" });
    const handle = closeOnExit(closed, { signals: [] });
    const report = await closed.close();
    closeOnExit(noopPublisher(), { signals: [] }).remove();
    expect(await handle.closed).toEqual(report);
  });

  test("are shared by two copies of core", async () => {
    cpSync(source, copies, { recursive: true });
    const { output, by } = await run("two copies", { signals: ["SIGTERM"], further: [join(copies, "index.ts")] });
    expect(output).toBe("listeners: 1, 1\nready\nclosed: 1,1\n");
    expect(by).toBe("SIGTERM");
  });

  test("for signals are an options error in a worker thread, where none arrives", async () => {
    const { output } = await run("worker");
    expect(output).toContain("closeOnExit: signals never reach a worker thread");
  });
});

test("the handle closes once and reports, also to those who wait for `closed`", async () => {
  const publisher = createPublisher({ name: "example", event: () => undefined });
  const { close, closed } = closeOnExit(publisher, { signals: [] });
  publisher.publishEventMetrics({ eventName: "job", taskId: 1, startTime: Date.now(), endTime: Date.now() });
  expect(close()).toBe(close());
  const report = await close();
  expect(report).toMatchObject({ status: "complete", delivered: 1 });
  expect(await close({ timeoutMs: 1 })).toBe(report);
  expect(await closed).toBe(report);
});

test.each<[string, () => unknown]>([
  ["rejects", async () => Promise.reject(new Error("no"))],
  ["resolves with something else", async () => ({ status: "complete", dropped: "none" })],
])("reports what a publisher lost whose close() %s", async (_what, broken) => {
  const lossy = createPublisher(
    {
      name: "example",
      event() {
        throw new Error("down");
      },
    },
    { onError: () => undefined },
  );
  const { close } = closeOnExit({ ...lossy, close: broken } as MetricsPublisher, { signals: [] });
  lossy.publishEventMetrics({ eventName: "job", taskId: 1, startTime: Date.now(), endTime: Date.now() });
  expect(await close()).toMatchObject({ name: "example", status: "aborted", dropped: 1, droppedBy: { failed: 1 } });
});

test("names every wrong option", () => {
  expect(() => closeOnExit(noopPublisher(), { signals: ["SIGTREM", "SIGKILL"], timeoutMs: -1 })).toThrow(
    /signals\[0\]: expected a signal that ends a process.*\n.*signals\[1\]: expected a signal that ends a process.*\n.*timeoutMs: expected an integer/,
  );
});
