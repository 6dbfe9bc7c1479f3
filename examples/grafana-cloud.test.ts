import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);

/** Runs the example, of which the last lines are wrong on purpose, and gives what it ends with. */
async function outcomeOf(apiKey: string): Promise<string> {
  const file = fileURLToPath(new URL("grafana-cloud.ts", import.meta.url));
  const env = { ...process.env, GRAFANA_CLOUD_API_KEY: apiKey };
  try {
    await run(process.execPath, ["--conditions=@eventmeter/source", file], { env });
    return "";
  } catch (error) {
    return (error as { stderr: string }).stderr;
  }
}

test("a stack by its tile, a stack by its organisation and a receiver are made; a wrong mixture says what is missing", async () => {
  const output = await outcomeOf("glc_not-a-real-key");
  expect(output).toContain(
    "grafana-cloud: an option is wrong\n  instanceId: missing in { endpoint, instanceId, apiKey }",
  );
  expect(output).not.toContain("not-a-real-key");
});

test("without a key it says so", async () => {
  expect(await outcomeOf("")).toContain("\n  apiKey: expected a token of an access policy, as glc_…\n");
});
