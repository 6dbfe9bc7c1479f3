import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

/** How a run of the demo ended. */
export interface DemoRun {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** What may happen while the demo runs. */
export interface DemoSteps {
  /** Gets the page's address as soon as it is printed; `interrupt` ends the demo as Ctrl-C does, `hangUp` stops to read what it prints. */
  readonly onPage?: ((url: string, interrupt: () => void, hangUp: () => void) => Promise<void>) | undefined;
  /** Variables of its environment, over those of this process. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/** Runs the demo to its end. */
export async function runDemo(args: readonly string[], { onPage, environment }: DemoSteps = {}): Promise<DemoRun> {
  const child = spawn(process.execPath, ["--conditions=@eventmeter/source", main, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    // Whatever backends this machine has, a run has those that it was given.
    env: { ...process.env, ELASTICSEARCH_URL: "", OTEL_EXPORTER_OTLP_ENDPOINT: "", ...environment },
  });
  let [output, errors] = ["", ""];
  let seen: Promise<void> | undefined;
  child.stderr.on("data", (chunk: Buffer) => (errors += String(chunk)));
  child.stdout.on("data", (chunk: Buffer) => {
    output += String(chunk);
    const url = /page\s+(http\S+)\n/.exec(output)?.[1];
    if (url !== undefined && onPage !== undefined)
      seen ??= onPage(
        url,
        () => child.kill("SIGINT"),
        () => child.stdout.destroy(),
      );
  });
  const [code] = (await once(child, "close")) as [number | null];
  await seen;
  return { code, output, errors };
}

/** Gives the cells of a publisher's or event's row of the summary. */
export function rowOf(output: string, name: string): string[] {
  const row = output.split("\n").find((line) => line.startsWith(`${name} `));
  if (row === undefined) throw new Error(`no row ${name} in\n${output}`);
  return row.trim().split(/\s+/);
}
