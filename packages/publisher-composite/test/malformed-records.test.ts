import { createPublisher, filtered, mapped } from "@eventmeter/core";
import { CompositePublisher } from "@eventmeter/publisher-composite";
import { malformedRecords } from "@eventmeter/testkit";
import { expect, test } from "vitest";

const CALLS = process.env["EVENTMETER_FULL"] === "1" ? 1_000_000 : 50_000;
const SEED = 20_261_124;

test(`${CALLS} malformed calls throw nothing, reject nothing and add up in the composite, its wrappers and its children`, async () => {
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): void => void rejections.push(reason);
  process.on("unhandledRejection", onRejection);
  const silent = { onError: (): void => undefined };
  const child = (name: string, event: () => unknown): ReturnType<typeof createPublisher> =>
    createPublisher({ name, event, network: event }, silent);
  const composite = new CompositePublisher(
    [
      child("plain", () => undefined),
      { publisher: child("asynchronous", async () => undefined), events: (record) => record.error != null },
      filtered(
        child("filtered", () => undefined),
        (record) => record.taskId != null,
        silent,
      ),
      mapped(
        child("mapped", () => undefined),
        { event: (record) => ({ ...record, error: "redacted" }) },
        silent,
      ),
    ],
    silent,
  );
  for (const { kind, record } of malformedRecords(SEED, CALLS)) {
    if (kind === "event") composite.publishEventMetrics(record as never);
    else composite.publishNetworkMetrics(record as never);
  }
  await composite.flush();
  const health = composite.health();
  expect(health).toMatchObject({ received: CALLS, delivered: CALLS, pending: 0 });
  const wrapped = health.children?.flatMap(({ children }) => children ?? []) ?? [];
  for (const { name, received, recovered, delivered, dropped, ignored, pending } of [
    ...(health.children ?? []),
    ...wrapped,
  ])
    expect([name, received + recovered]).toEqual([name, delivered + dropped + ignored + pending]);
  expect(health.children?.[0]?.received).toBe(CALLS);
  await composite.close();
  process.off("unhandledRejection", onRejection);
  expect(rejections).toEqual([]);
}, 180_000);
