import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("10,000 flushes that end without a result leave nothing behind, in no publisher", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--conditions=@eventmeter/source",
    "--expose-gc",
    join(import.meta.dirname, "programs", "flushes.ts"),
  ]);
  const bytesPerFlush = Object.entries(JSON.parse(stdout) as Readonly<Record<string, number>>);
  expect(bytesPerFlush).toHaveLength(7);
  // A waiter that is kept takes at least 50 bytes.
  expect(bytesPerFlush.filter(([, bytes]) => bytes > 20)).toEqual([]);
}, 60_000);
