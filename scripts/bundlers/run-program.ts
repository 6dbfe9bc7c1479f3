// Runs the programs of the trials: each in a process group of its own, which is ended as a whole.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** A program: its command, folder and environment. */
export interface Program {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A program that runs, with what it has printed so far. */
export interface RunningProgram extends AsyncDisposable {
  readonly child: ChildProcess;
  output(): string;
}

/** Starts a program. Disposal ends it, and every process that it started. */
export function startProgram({ command: [file, ...args], cwd, env }: Program): RunningProgram {
  const child = spawn(file, args, {
    cwd,
    env: { ...process.env, CI: "true", NO_COLOR: "1", NEXT_TELEMETRY_DISABLED: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  const keep = (chunk: Buffer): void => void (output += chunk.toString("utf8"));
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  child.on("error", (error) => keep(Buffer.from(error.message)));
  const closed = once(child, "close").catch(() => undefined);
  return {
    child,
    output: () => output,
    async [Symbol.asyncDispose]() {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // The whole group has already ended.
      }
      await closed;
    },
  };
}

/** Runs a program to its end and returns its output. Rejects with its last lines if it fails or takes longer than `limitMs`. */
export async function runProgram(program: Program, limitMs: number): Promise<string> {
  await using running = startProgram(program);
  const { child } = running;
  const name = program.command.join(" ");
  const limit = AbortSignal.timeout(limitMs);
  try {
    if (child.exitCode === null) await once(child, "close", { signal: limit });
  } catch {
    const reason = limit.aborted ? `not finished after ${limitMs / 1000} s` : "not started";
    throw new Error(`${name}: ${reason}\n${running.output().slice(-4_000)}`);
  }
  if (child.exitCode !== 0) throw new Error(`${name}: exit code ${child.exitCode}\n${running.output().slice(-4_000)}`);
  return running.output();
}
