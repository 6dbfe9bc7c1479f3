import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { closeOnExit, noopPublisher } from "../src/index.ts";

const program = fileURLToPath(new URL("./programs/close-on-exit.ts", import.meta.url));

/** Runs the program and returns what it printed and how it ended; `signal` is sent when it prints that it is ready. */
async function run(
  mode: string,
  signal?: NodeJS.Signals,
): Promise<{ output: string; code: number | null; by: string | null }> {
  const child = spawn(process.execPath, ["--conditions=@eventmeter/source", program, mode], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += String(chunk);
    if (signal !== undefined && output.endsWith("ready\n")) child.kill(signal);
  });
  const [code, by] = (await once(child, "close")) as [number | null, string | null];
  return { output, code, by };
}

test("closes at the natural end of the program, and waits for it", async () => {
  expect(await run("end")).toEqual({ output: "ready\nclosed: complete, 1 delivered\n", code: 0, by: null });
});

test("closes on a signal and lets it end the process", async () => {
  expect(await run("signal", "SIGTERM")).toEqual({
    output: "ready\nclosed: complete, 1 delivered\n",
    code: null,
    by: "SIGTERM",
  });
});

test("leaves the end of the process to a program that handles the signal itself", async () => {
  expect(await run("own-handler", "SIGTERM")).toEqual({
    output: "ready\nclosed: complete, 1 delivered\nown handler\n",
    code: 3,
    by: null,
  });
});

test("ends the process in time although the close hangs", async () => {
  expect(await run("hang")).toEqual({
    output: "ready\nrecord-dropped: 1\nclosed: timeout, 0 delivered\n",
    code: 0,
    by: null,
  });
});

test.each(["throws", "rejects", "never ends"])("ends the process on a signal although the close %s", async (mode) => {
  const begun = performance.now();
  expect(await run(mode, "SIGTERM")).toEqual({ output: "ready\n", code: null, by: "SIGTERM" });
  // The close has 100 ms and a little more; the rest is for the start of the program.
  expect(performance.now() - begun).toBeLessThan(5_000);
});

test("listens to nothing any more when it is undone", () => {
  const before = process.listenerCount("beforeExit") + process.listenerCount("SIGTERM");
  const undo = closeOnExit(noopPublisher(), { signals: ["SIGTERM"] });
  expect(process.listenerCount("beforeExit") + process.listenerCount("SIGTERM")).toBe(before + 2);
  undo();
  expect(process.listenerCount("beforeExit") + process.listenerCount("SIGTERM")).toBe(before);
});

test("refuses a signal that is no name and a time that is none", () => {
  expect(() => closeOnExit(noopPublisher(), { signals: ["term", "SIGKILL"], timeoutMs: -1 })).toThrow(
    /signals\[0\]: expected a signal that can be caught.*\n.*signals\[1\]: expected a signal that can be caught.*\n.*timeoutMs: expected an integer/,
  );
});
