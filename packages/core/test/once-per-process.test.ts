// One instance per process, whoever asks for it and however often a module is evaluated.
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { createPublisher, oncePerProcess } from "../src/index.ts";

let keys = 0;
const newKey = (): string => `test:${(keys += 1)}`;

describe("in a process of its own", () => {
  const copies = mkdtempSync(join(tmpdir(), "eventmeter-once-"));
  afterAll(() => rmSync(copies, { recursive: true, force: true }));
  const program = fileURLToPath(new URL("./programs/once.ts", import.meta.url));
  const source = new URL("../src/index.ts", import.meta.url).href;

  async function run(scenario: string): Promise<string> {
    cpSync(fileURLToPath(new URL("../src", import.meta.url)), copies, { recursive: true });
    const flags = ["--conditions=@eventmeter/source", "--disable-warning=ExperimentalWarning"];
    const args = [...flags, program, scenario, source, pathToFileURL(join(copies, "index.ts")).href];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
    expect(stderr).toBe("");
    return stdout;
  }

  test("two copies of this package share it", async () => {
    expect(await run("copies")).toBe("modules: 2, created: 1, instances: 1, delivered: 2\n");
  });

  test("a module that a hot reload evaluates again gets it again", async () => {
    expect(await run("hot reload")).toBe("modules: 3, created: 1, instances: 1, delivered: 3\n");
  });

  test("a worker thread has one of its own", async () => {
    expect(await run("worker")).toBe("worker: 1 created\nmain: 1 created\n");
  });

  test("another realm has one of its own", async () => {
    expect(await run("realm")).toBe("true\n");
  });
});

test("keys are independent, and any value is kept, undefined too", () => {
  const [one, other] = [newKey(), newKey()];
  let calls = 0;
  expect(oncePerProcess(one, () => ((calls += 1), undefined))).toBeUndefined();
  expect(oncePerProcess(one, () => "later")).toBeUndefined();
  expect(oncePerProcess(other, () => 7)).toBe(7);
  expect(calls).toBe(1);
});

test("nothing is kept of a create that throws", () => {
  const key = newKey();
  const cause = new Error("no port");
  expect(() =>
    oncePerProcess(key, () => {
      throw cause;
    }),
  ).toThrow(cause);
  expect(oncePerProcess(key, () => "good")).toBe("good");
});

describe("a promise", () => {
  test("is kept as it is, for all who ask while it is pending and later", async () => {
    const key = newKey();
    const promise = Promise.resolve("good");
    expect(oncePerProcess(key, () => promise)).toBe(promise);
    await promise;
    expect(oncePerProcess(key, async () => "later")).toBe(promise);
  });

  test("is forgotten if it rejects, and the one who asked gets the rejection", async () => {
    const key = newKey();
    const failed = oncePerProcess(key, async () => Promise.reject(new Error("not yet")));
    await expect(failed).rejects.toThrow("not yet");
    expect(await oncePerProcess(key, async () => "good")).toBe("good");
  });
});

test("a publisher that was closed is replaced, one that is closing is not", async () => {
  const key = newKey();
  let release: (() => void) | undefined;
  const create = (): ReturnType<typeof createPublisher> =>
    createPublisher({ name: "example", close: () => new Promise<void>((resolve) => (release = resolve)) });
  const first = oncePerProcess(key, create);
  const closing = first.close();
  expect(oncePerProcess(key, create)).toBe(first);
  await expect.poll(() => release).toBeDefined();
  release?.();
  await closing;
  const second = oncePerProcess(key, create);
  expect(second).not.toBe(first);
  expect(oncePerProcess(key, create)).toBe(second);
});

test("a value with a health of its own that is no publisher is not asked for it", () => {
  const key = newKey();
  const own = {
    health: () => {
      throw new Error("asked");
    },
  };
  expect(oncePerProcess(key, () => own)).toBe(own);
  expect(oncePerProcess(key, () => own)).toBe(own);
});

test("a create that asks for its own key is an options error, after which the key is free", () => {
  const key = newKey();
  const create = (): unknown => oncePerProcess(key, create);
  expect(create).toThrow(`oncePerProcess: create() of the key "${key}" asks for the same key; take another key inside`);
  expect(oncePerProcess(key, () => "good")).toBe("good");
});

test("names every wrong argument", () => {
  expect(() => oncePerProcess("", "x" as never)).toThrow(
    "oncePerProcess: 2 options are wrong\n  key: expected a non-empty string, got an empty string\n" +
      "  create: expected a function, got a string",
  );
});

test("the registry is not enumerable, so that nothing that lists globals shows it", () => {
  oncePerProcess(newKey(), () => 1);
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, Symbol.for("eventmeter.instances.v1"));
  expect(descriptor).toMatchObject({ enumerable: false, value: expect.any(Map) });
});
