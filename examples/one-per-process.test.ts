import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("a module that is evaluated again gets the same publisher", async () => {
  const module = new URL("one-per-process.ts", import.meta.url).href;
  const program = `
    const [first, again] = [await import("${module}"), await import("${module}?again")];
    console.log(first === again, first.metrics === again.metrics, first.metrics.name);
  `;
  const args = ["--conditions=@eventmeter/source", "--input-type=module", "--eval", program];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
  expect([stdout, stderr]).toEqual(["false true prometheus\n", ""]);
});
