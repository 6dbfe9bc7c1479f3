import { parseArgs } from "node:util";

/** What the demo was asked for. */
export interface DemoOptions {
  /** Folder whose packages are worked on. */
  readonly dir: string;
  /** How long to work, in milliseconds. */
  readonly forMs: number;
  /** Executions at a time. */
  readonly jobs: number;
  /** Port of the page; 0 takes any free one. */
  readonly port: number;
  /** Address that the page is bound to. */
  readonly host: string;
  /** File of dictionaries. */
  readonly ndjson: string;
}

/** A mistake of the person at the keyboard: one sentence, exit code 2. */
export class UsageError extends Error {}

/** What the demo understands. */
export const USAGE = "use --dir PATH, --for 30s, --jobs 4, --port 9464, --host 127.0.0.1, --ndjson PATH";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Reads the command line. @throws UsageError with one sentence */
export function readArguments(args: readonly string[], defaultDir: string): DemoOptions {
  const { dir, for: duration, jobs, port, host, ndjson } = parse(args);
  return {
    dir: dir ?? defaultDir,
    forMs: durationMs(duration ?? "30s"),
    jobs: wholeNumber("jobs", jobs ?? "4", 1, 64),
    port: wholeNumber("port", port ?? "9464", 0, 65_535),
    host: host ?? "127.0.0.1",
    ndjson: ndjson ?? "demo.ndjson",
  };
}

function parse(args: readonly string[]): { [Name in "dir" | "for" | "jobs" | "port" | "host" | "ndjson"]?: string } {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...args],
      options: { dir: text, for: text, jobs: text, port: text, host: text, ndjson: text },
    }).values;
  } catch (error) {
    const [sentence = ""] = (error as Error).message.split(/\.\s/);
    throw new UsageError(`${sentence}: ${USAGE}`);
  }
}

function durationMs(text: string): number {
  const [, amount = "", unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Number(amount) * (UNITS[unit] ?? 0);
  if (ms > 0 && ms <= 86_400_000) return ms;
  throw new UsageError(`--for takes a time such as 500ms, 30s or 5m, up to 24h, not "${text}"`);
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(`--${name} takes a whole number from ${min} to ${max}, not "${text}"`);
}
