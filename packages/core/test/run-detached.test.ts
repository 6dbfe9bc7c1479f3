import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, expect, test, vi } from "vitest";
import { runDetached, systemClock } from "../src/publisher.ts";

const requests = new AsyncLocalStorage<string>();

afterEach(() => void vi.unstubAllGlobals());

test("returns what the function returns, which sees no store of the caller", async () => {
  const [now, later, own] = requests.run("a request", () => [
    runDetached(() => requests.getStore() ?? "none"),
    runDetached(async () => {
      await Promise.resolve();
      return requests.getStore() ?? "none";
    }),
    requests.getStore(),
  ]);
  expect([now, await later, own]).toEqual(["none", "none", "a request"]);
});

test("throws what the function throws", () => {
  expect(() =>
    runDetached(() => {
      throw new RangeError("as it is");
    }),
  ).toThrow(new RangeError("as it is"));
});

test("timers of the system's clock see no store of the caller", async () => {
  const seen = await new Promise((resolve) => {
    requests.run("a request", () => systemClock.setTimeout(() => resolve(requests.getStore()), 0));
    setTimeout(() => undefined, 10);
  });
  expect(seen).toBeUndefined();
});

test.each([
  ["there is no process", undefined],
  ["there is no getBuiltinModule", {}],
  ["there is no such module", { getBuiltinModule: () => undefined }],
  ["getBuiltinModule throws", { getBuiltinModule: () => fail() }],
  ["AsyncLocalStorage has no snapshots", { getBuiltinModule: () => ({ AsyncLocalStorage: {} }) }],
])("is a plain call where %s", async (_, process) => {
  vi.stubGlobal("process", process);
  vi.resetModules();
  const copy = await import("../src/time/run-detached.ts");
  expect(requests.run("a request", () => copy.runDetached(() => requests.getStore()))).toBe("a request");
});

function fail(): never {
  throw new Error("not here");
}
