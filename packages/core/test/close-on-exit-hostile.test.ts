import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type Run, programRunner } from "./exit-harness.ts";

const run = programRunner("exit-hostile");
const source = fileURLToPath(new URL("../src/index.ts", import.meta.url));

/** Returns the lines on standard error that are about lost records. */
const losses = ({ errors }: Run): string[] => errors.split("\n").filter((line) => line.startsWith("eventmeter:"));
const lossOf = (records: string): string =>
  `eventmeter: the process ended before these records were sent: ${records}. ` +
  "Await close() of the publisher, or of what closeOnExit() returned, before process.exit().";

describe("a program that handles the signal", () => {
  test("is not ended although its listener is gone before any microtask", async () => {
    expect(await run("once, emitted before any microtask")).toMatchObject({
      output: "own handler\nready\nclosed: complete, 1 delivered\n",
      code: 0,
    });
  });

  test("runs on beside a library that wants to be the first listener too", async () => {
    expect(await run("rival for the first place", { signals: ["SIGTERM"] })).toMatchObject({
      output: "ready\nrival\n",
      code: 0,
    });
  });

  test("loses nothing if it raises the signal again when it is done", async () => {
    for (const scenario of ["once, then raises", "removes all listeners, then raises"]) {
      expect(await run(scenario, { signals: ["SIGTERM"] }), scenario).toMatchObject({
        output: "ready\nclosed: complete, 2 delivered\n",
        by: "SIGTERM",
      });
    }
  });

  test("is told what is lost if it exits in its handler", async () => {
    const ended = await run("exits in its handler", { signals: ["SIGTERM"] });
    expect(losses(ended)).toEqual([lossOf("3 of example")]);
    expect(ended.code).toBe(6);
  });

  test("loses nothing if it awaits the handle before it exits", async () => {
    expect(await run("awaits the handle in its handler", { signals: ["SIGTERM"] })).toMatchObject({
      output: "ready\nclosed: complete, 1 delivered\n",
      errors: "",
      code: 6,
    });
  });

  test("is not ended if it began to listen while the publisher was closed", async () => {
    const { code, by } = await run("listens while the publisher is closed", { signals: ["SIGTERM", "SIGTERM"] });
    expect({ code, by }).toEqual({ code: 7, by: null });
  });

  test("is not ended on a signal that signal-exit does not listen to", async () => {
    expect(await run("SIGUSR1 beside signal-exit", { signals: ["SIGUSR1"] })).toMatchObject({ code: 8, by: null });
  });
});

describe("a program that does not handle the signal", () => {
  test("is closed although it removed all listeners", async () => {
    expect(await run("removes all listeners", { signals: ["SIGTERM"] })).toMatchObject({
      output: "ready\nclosed: complete, 1 delivered\n",
      by: "SIGTERM",
    });
  });

  test("is ended by the signal although health() throws", async () => {
    expect(await run("health throws", { signals: ["SIGTERM"] })).toMatchObject({
      output: "ready\nclosed: complete, 1 delivered\n",
      by: "SIGTERM",
    });
  });

  test("is ended by any other signal that was given", async () => {
    expect(await run("SIGHUP", { signals: ["SIGHUP"] })).toMatchObject({
      output: "ready\nclosed: complete, 1 delivered\n",
      by: "SIGHUP",
    });
  });
});

describe("at the end of a program", () => {
  test("what its own listeners of beforeExit publish is delivered", async () => {
    expect(await run("publishes in beforeExit")).toMatchObject({
      output: "ready\nclosed: complete, 2 delivered\n",
      code: 0,
    });
  });

  test("says what is lost by a rejection that nobody handles", async () => {
    const ended = await run("rejection that nobody handles");
    expect(losses(ended)).toEqual([lossOf("2 of example")]);
    expect(ended.code).toBe(1);
  });

  test("counts a publisher once, in one line, however often it was registered", async () => {
    expect(losses(await run("registered twice"))).toEqual([lossOf("1 of two lines")]);
  });
});

describe("beside others", () => {
  test("shares its listeners with a copy in another realm", async () => {
    const { output, code } = await run("two realms", {
      signals: ["SIGTERM"],
      nodeOptions: ["--experimental-vm-modules"],
      further: [source],
    });
    expect(output).toBe("listeners: 1, 1\nready\nown handler\nclosed: 1,1\n");
    expect(code).toBe(0);
  });

  test("closes at the end of a worker thread", async () => {
    expect(await run("worker")).toMatchObject({
      output: "ready\nclosed: complete, 1 delivered\nworker: 0\n",
      errors: "",
    });
  });

  test("says what is lost by process.exit() in a worker thread", async () => {
    const ended = await run("worker that exits");
    expect(losses(ended)).toEqual([lossOf("2 of in-a-worker")]);
    expect(ended.output).toBe("ready\nworker: 3\n");
  });
});
