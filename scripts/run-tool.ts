// Runs other programs, several at a time.
import { execFile } from "node:child_process";

/** Result of a command. */
export interface ToolResult {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end in `cwd`, without a shell and for at most three minutes. Never rejects. */
export function runTool(cwd: string, command: string, args: readonly string[]): Promise<ToolResult> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd, timeout: 180_000, maxBuffer: 32 * 1024 * 1024 }, (error, stdout, stderr) => {
      const reason = error !== null && stderr === "" && stdout === "" ? error.message : stderr;
      resolve({ ok: error === null, stdout, stderr: reason });
    });
  });
}

/** Runs `work` for every item, at most `limit` at a time, and returns the results in the order of the items. */
export async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const entries = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of entries) {
      results[index] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
