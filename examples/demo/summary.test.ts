import type { PublisherHealth } from "@eventmeter/core";
import { RecordingPublisher } from "@eventmeter/testkit";
import { expect, test } from "vitest";
import { addsUp, summaryText } from "./summary.ts";
import { createTally } from "./tally.ts";

const health: PublisherHealth = {
  ...new RecordingPublisher().health(),
  name: "composite",
  received: 20,
  recovered: 3,
  delivered: 12,
  dropped: 5,
  ignored: 4,
  pending: 2,
};

test("adds up when every record received or recovered is delivered, dropped, ignored or pending", () => {
  expect(addsUp(health)).toBe(true);
});

test.each(["received", "recovered", "delivered", "dropped", "ignored", "pending"] as const)(
  "does not add up with one too many %s",
  (column) => expect(addsUp({ ...health, [column]: health[column] + 1 })).toBe(false),
);

test("names the publisher whose numbers do not add up", () => {
  const child = { ...health, name: "page" };
  const equation = "received + recovered = delivered + dropped + ignored + pending";
  expect(summaryText(createTally(), { ...health, children: [child] })).toContain(`they add up: ${equation}`);
  expect(summaryText(createTally(), { ...health, children: [{ ...child, delivered: 11 }] })).toContain(
    `NUMBERS OF page DO NOT ADD UP: ${equation}`,
  );
});

test("lays out a row for each event and each publisher, and the reasons of what was lost", () => {
  const tally = createTally();
  for (let ms = 1; ms <= 100; ms += 1) tally.add("hash", ms, ms > 97, 1);
  const lines = summaryText(tally, { ...health, droppedBy: { failed: 5 }, ignoredBy: { filtered: 4 } }).split("\n");
  expect(lines).toEqual([
    "event  executions  failed  retries    p50    p95     max",
    "hash          100       3      100  51 ms  96 ms  100 ms",
    "",
    "publisher  received  recovered  delivered  dropped  ignored  pending",
    "composite        20          3         12        5        4        2",
    "",
    "composite: failed 5, filtered 4",
    "",
    "they add up: received + recovered = delivered + dropped + ignored + pending",
  ]);
});

test("remembers the longest execution of all, however many came after it", () => {
  const tally = createTally();
  tally.add("hash", 9_000, false, 0);
  for (let round = 0; round < 5_000; round += 1) tally.add("hash", 1, false, 0);
  expect(tally.events.get("hash")).toMatchObject({ executions: 5_001, maxMs: 9_000 });
});
