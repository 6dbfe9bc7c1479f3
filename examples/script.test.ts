import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { openReceiver } from "./open-receiver.ts";

/** Runs the script as users write it, with a job of ours and a receiver on a free port. */
async function runScript(job: string): Promise<{ code: number; errors: string; bodies: readonly string[] }> {
  const { port, bodies } = await openReceiver();

  const directory = new URL(`.script-${process.pid}-${port}/`, import.meta.url);
  await mkdir(directory);
  onTestFinished(() => rm(directory, { recursive: true }));
  const source = await readFile(new URL("script.ts", import.meta.url), "utf8");
  await writeFile(new URL("script.ts", directory), source.replace("localhost:4318", `127.0.0.1:${port}`));
  await writeFile(new URL("job.ts", directory), job);

  const child = spawn(
    process.execPath,
    ["--conditions=@eventmeter/source", fileURLToPath(new URL("script.ts", directory))],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const [errors, [code]] = await Promise.all([text(child.stderr), once(child, "close") as Promise<[number]>]);
  return { code, errors, bodies };
}

test("the record of a job is out before the script ends", async () => {
  const { code, bodies } = await runScript("export {};");
  expect(code).toBe(0);
  expect(bodies).toHaveLength(1);
  for (const word of ["event_duration_seconds", "import", "completed"]) expect(bodies[0]).toContain(word);
});

test("so is that of a job that fails, and the script fails as it would have done", async () => {
  const { code, errors, bodies } = await runScript('throw new TypeError("no input");');
  expect(code).toBe(1);
  expect(errors).toContain("TypeError: no input");
  expect(bodies).toHaveLength(1);
  for (const word of ["event_duration_seconds", "import", "failed"]) expect(bodies[0]).toContain(word);
});
