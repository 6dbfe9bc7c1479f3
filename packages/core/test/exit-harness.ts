// Runs programs that end in different ways, and sends them signals.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const NODE = [process.execPath, "--conditions=@eventmeter/source", "--disable-warning=ExperimentalWarning"];
/** Command that runs a program as process 1 of a PID namespace. */
export const NEW_PROCESS_NAMESPACE: readonly string[] = [
  "unshare",
  "--user",
  "--map-root-user",
  "--pid",
  "--fork",
  "--mount-proc",
  "--kill-child",
];

/** How a program ended. */
export interface Run {
  readonly output: string;
  readonly errors: string;
  readonly code: number | null;
  readonly by: string | null;
  /** Time from its readiness to its end, in milliseconds. */
  readonly ms: number;
}

/** How a program is run. */
export interface RunOptions {
  /** Sent one after the other, 300 ms apart, once the program is ready. */
  readonly signals?: readonly NodeJS.Signals[];
  /** Whether it runs as process 1 of a PID namespace. */
  readonly asProcess1?: boolean;
  readonly nodeOptions?: readonly string[];
  readonly further?: readonly string[];
}

/** Returns a function that runs one scenario of a program in `programs/`. */
export function programRunner(name: string): (scenario: string, options?: RunOptions) => Promise<Run> {
  const program = fileURLToPath(new URL(`./programs/${name}.ts`, import.meta.url));
  return (scenario, options) => run(program, scenario, options);
}

async function run(
  program: string,
  scenario: string,
  { signals = [], asProcess1 = false, nodeOptions = [], further = [] }: RunOptions = {},
): Promise<Run> {
  const prefix = asProcess1 ? NEW_PROCESS_NAMESPACE : [];
  const [command = "", ...args] = [...prefix, ...NODE, ...nodeOptions, program, scenario, ...further];
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  let began = performance.now();
  child.stderr.on("data", (chunk: Buffer) => (errors += String(chunk)));
  child.stdout.on("data", (chunk: Buffer) => {
    output += String(chunk);
    if (!output.endsWith("ready\n")) return;
    began = performance.now();
    const pid = asProcess1 ? childOf(child.pid) : child.pid;
    for (const [index, signal] of signals.entries()) setTimeout(() => kill(pid, signal), index * 300);
  });
  const [code, by] = (await once(child, "close")) as [number | null, string | null];
  return { output, errors, code, by, ms: performance.now() - began };
}

/** Returns whether this kernel lets a program run as process 1 of a PID namespace. */
export function canRunAsProcess1(): boolean {
  try {
    const [command = "", ...args] = NEW_PROCESS_NAMESPACE;
    execFileSync(command, [...args, "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Returns the process that `unshare` started: signals for it have to come from outside of its namespace. */
export function childOf(pid: number | undefined): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8"));
}

function kill(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}
