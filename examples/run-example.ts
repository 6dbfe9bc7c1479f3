import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

/** Runs an example as it stands, with these variables over those of this process, to its end. */
export async function runExample(
  name: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly output: string; readonly faults: string; readonly code: unknown }> {
  const file = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, ["--conditions=@eventmeter/source", file], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [output, faults, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { output, faults, code };
}
