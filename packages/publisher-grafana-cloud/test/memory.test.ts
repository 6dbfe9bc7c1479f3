import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** What compiled code and the runtime itself take meanwhile, in bytes; one slice that is kept alive takes 1 MB. */
const NOISE = 400_000;

test.each(["kept", "sent"])(
  "health() says what the heap retains, also for slices of long texts: %s",
  async (mode) => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--conditions=@eventmeter/source", "--expose-gc", join(import.meta.dirname, "memory-program.ts"), mode],
      { maxBuffer: 2 ** 20 },
    );
    const cases = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { name: string; heap: number; bytes: number });
    expect(cases).toHaveLength(6);
    for (const { name, heap, bytes } of cases) {
      expect(bytes, name).toBeGreaterThan(0);
      expect(heap, name).toBeLessThan(1.5 * bytes + NOISE);
      expect(bytes, name).toBeLessThan(1.5 * heap + NOISE);
    }
  },
  60_000,
);
