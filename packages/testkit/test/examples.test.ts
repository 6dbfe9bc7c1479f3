import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));

test.each(["recording", "post-plugin"])(
  "examples/%s.test.ts passes under node:test",
  async (example) => {
    // A test runner inside a test runner would report to its parent instead of running.
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined, NODE_OPTIONS: "" };
    const args = ["--conditions=@eventmeter/source", "--test", "--test-reporter=tap", `examples/${example}.test.ts`];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env, timeout: 60_000 });
    expect(stdout).toMatch(/^# fail 0$/m);
    expect(stdout).toMatch(/^# pass [3-9]\d$/m);
  },
  60_000,
);
