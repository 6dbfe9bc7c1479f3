// The set-up of the tests, tried on test files that warn.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("a process warning fails the run and is reported with its test file, unless its test takes it", async () => {
  const program = fileURLToPath(new URL("fixtures/run.ts", import.meta.url));
  const env = {
    ...process.env,
    VITEST: undefined,
    VITEST_WORKER_ID: undefined,
    VITEST_POOL_ID: undefined,
    NO_COLOR: "1",
  };
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "pipe"], env });
  const ended = once(child, "close");
  const output = (await Promise.all([text(child.stdout), text(child.stderr)])).join("");
  expect((await ended)[0]).toBe(1);

  expect(output).toMatch(/✓ taken\.ts \(1 test\)/);
  expect(output).toContain('in-a-test.ts > warns\nError: unexpected process warning in "warns"');
  expect(output).toContain("[some-code] FixtureWarning: not expected");
  expect(output).toContain(
    'in-a-test.ts > runs when it comes\nError: unexpected process warning in "runs when it comes"',
  );
  for (const file of ["at-import.ts", "after-the-last-test.ts"])
    expect(output).toContain(`This error originated in "${file}" test file`);
  expect(output).toMatch(/Tests {2}2 failed \| 4 passed \(6\)\n +Errors {2}2 errors/);
  // Nothing is printed by Node.js itself.
  expect(output).not.toContain("(node:");
}, 60_000);
