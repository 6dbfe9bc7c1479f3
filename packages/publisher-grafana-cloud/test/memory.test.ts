import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** What compiled code and the runtime itself take meanwhile, in bytes; one slice that is kept alive takes 1 MB. */
const NOISE = 800_000;

const CASES = ["names", "sliced names", "sliced labels", "long labels", "sliced exemplars", "exemplars"];

test.concurrent.each(CASES.flatMap((name) => [[name, "kept"] as const, [name, "sent"] as const]))(
  "health() says what the heap retains for %s that are %s, also for slices of long texts",
  async (name, mode) => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--conditions=@eventmeter/source",
      "--expose-gc",
      join(import.meta.dirname, "memory-program.ts"),
      name,
      mode,
    ]);
    const { heap, bytes } = JSON.parse(stdout) as { readonly heap: number; readonly bytes: number };
    expect(bytes).toBeGreaterThan(0);
    expect(heap).toBeLessThan(1.5 * bytes + NOISE);
    expect(bytes).toBeLessThan(1.5 * heap + NOISE);
  },
  60_000,
);
