import type { PublisherHealth } from "@eventmeter/core";
import { RecordingPublisher } from "@eventmeter/testkit";
import { expect, test } from "vitest";
import { lineText, showLiveLine } from "./live-line.ts";
import { createTally } from "./tally.ts";

function busy(): Parameters<typeof lineText>[0] {
  const tally = createTally();
  for (let ms = 1; ms <= 1_200; ms += 1) tally.add("hash", ms, ms > 1_176, ms % 2);
  const health = new RecordingPublisher().health();
  const children: PublisherHealth[] = [
    { ...health, name: "prometheus" },
    { ...health, name: "ndjson", pending: 12 },
  ];
  return {
    tally,
    client: { bytes: { sent: 645_200, received: 1_471_300_000 } },
    metrics: { health: () => ({ ...health, children }) },
  };
}

test("says everything in words where there is room", () => {
  expect(lineText(busy(), 30)).toBe(
    "40 executions/s · 24 failed · 600 retried · p50 601 ms p95 1.14 s · in 1.5 GB out 645 kB · pending prometheus 0, ndjson 12",
  );
});

test("says everything in eighty columns too", () => {
  expect(lineText(busy(), 30, 79)).toBe(
    "40/s  24 failed  600 retried  p50 601ms p95 1.14s  ↓1.5GB ↑645kB  pending 0, 12",
  );
});

test("never wraps", () => {
  expect(lineText(busy(), 30, 40)).toHaveLength(40);
});

test.each([
  [true, ["\r\u001B[2K", "failed: hash\n", "\r\u001B[2K", expect.stringMatching(/^\d+\/s .*12$/), "\r\u001B[2K"]],
  [false, ["failed: hash\n"]],
])(
  "prints a note on a line of its own, and nothing more of the line when it is over (terminal: %s)",
  (isTTY, expected) => {
    const written: string[] = [];
    const output = { isTTY, columns: 90, write: (text: string | Uint8Array) => written.push(String(text)) > 0 };
    const line = showLiveLine({ ...busy(), output });
    line.note("failed: hash");
    line[Symbol.dispose]();
    expect(written).toEqual(expected);
    line.note("late");
    expect(written).toEqual([...expected, "late\n"]);
  },
);
