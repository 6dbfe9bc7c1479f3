// The suite under a test runner that loads modules in a sandbox, such as Jest: a copy of the process, and values of another realm.
import { EventEmitter } from "node:events";
import process from "node:process";
import { isDeepStrictEqual } from "node:util";
import { runInNewContext } from "node:vm";
import { type CommonOptions, createPublisher, type MetricsPublisher } from "@eventmeter/core";
import { expect, test, vi } from "vitest";
import { takeWarnings } from "../../../test/warnings.ts";

// What the sandbox shows instead of the process: its functions, but no event of it.
vi.mock("node:process", async (importOriginal) => {
  const { default: original } = await importOriginal<{ default: NodeJS.Process }>();
  const copy = Object.assign(new EventEmitter(), {
    getActiveResourcesInfo: () => original.getActiveResourcesInfo(),
  });
  return { default: copy };
});
vi.stubGlobal("structuredClone", (value: unknown): unknown =>
  runInNewContext("JSON.parse(text)", { text: JSON.stringify(value) }),
);

const { conformanceCases, findSecrets, RecordingPublisher } = await import("@eventmeter/testkit");

const create = (options: CommonOptions): MetricsPublisher =>
  createPublisher({ name: "example", event: () => {}, network: () => {} }, options);

test("the sandbox is one", () => {
  expect(process).not.toBe(globalThis.process);
  expect(isDeepStrictEqual(structuredClone({}), {})).toBe(false);
});

test.each(conformanceCases({ create }))("$name", async ({ run }) => {
  await run();
  expect(await takeWarnings()).toEqual([]);
});

test("sees a rejection that nobody handles", async () => {
  const careless = (options: CommonOptions): MetricsPublisher => {
    const inner = create(options);
    return {
      ...inner,
      flush(wait) {
        void Promise.reject(new Error("nobody handles it"));
        return inner.flush(wait);
      },
    };
  };
  const found = conformanceCases({ create: careless }).find(({ name }) => name.includes("reports the numbers"));
  await expect(found?.run()).rejects.toThrow("nobody handled it");
});

test("a snapshot of recorded metrics equals plain objects, prototypes included", async () => {
  await using publisher = new RecordingPublisher();
  publisher.publishEventMetrics({ eventName: "job", taskId: "1", startTime: 1_795_390_088_000 });
  const { events } = publisher.snapshot();
  expect(events).toHaveLength(1);
  expect(isDeepStrictEqual(events, [await publisher.nextEvent()])).toBe(true);
});

test.each([
  "new Map([['key', secret]])",
  "new Set([secret])",
  "Uint8Array.from(secret, (one) => one.charCodeAt(0)).buffer",
])("finds a secret in %s of another realm", (code) => {
  const secret = "hunter2-hunter2";
  expect(findSecrets(runInNewContext(code, { secret }), { secret })).not.toEqual([]);
});
