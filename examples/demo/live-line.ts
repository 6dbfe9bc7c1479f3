import type { MetricsPublisher } from "@eventmeter/core";
import type { FileClient } from "./fetch-file.ts";
import { quantile, type Tally } from "./tally.ts";
import { bytesText, msText } from "./text.ts";

/** What the line shows. */
export interface LiveLineInit {
  readonly tally: Tally;
  readonly client: Pick<FileClient, "bytes">;
  readonly metrics: Pick<MetricsPublisher, "health">;
  readonly output: Pick<NodeJS.WriteStream, "isTTY" | "columns" | "write">;
}

/** One line about what goes on: rewritten in a terminal, a new one each time elsewhere. */
export interface LiveLine extends Disposable {
  /** Prints a line of its own above it. */
  readonly note: (text: string) => void;
}

const TERMINAL_INTERVAL_MS = 250;
const PLAIN_INTERVAL_MS = 5_000;

/** Begins to show the line. */
export function showLiveLine(init: LiveLineInit): LiveLine {
  const { output } = init;
  const began = performance.now();
  let over = false;

  const clear = (): void => void (output.isTTY && output.write("\r\u001B[2K"));
  const show = (): void => {
    clear();
    const seconds = (performance.now() - began) / 1_000;
    output.write(output.isTTY ? lineText(init, seconds, output.columns - 1) : `${lineText(init, seconds)}\n`);
  };
  const timer = setInterval(show, output.isTTY ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS);
  return {
    note(text) {
      if (!over) clear();
      output.write(`${text}\n`);
      if (output.isTTY && !over) show();
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      clear();
      over = true;
    },
  };
}

/** Gives the line: in words where there is room for them, else as short as it can be. */
export function lineText(
  { tally, client, metrics }: Omit<LiveLineInit, "output">,
  seconds: number,
  columns = Infinity,
): string {
  const events = [...tally.events.values()];
  const total = (of: (event: (typeof events)[number]) => number): number =>
    events.reduce((sum, event) => sum + of(event), 0);
  const durations = events.flatMap((event) => event.durationsMs);
  const rate = (total((event) => event.executions) / seconds).toFixed(0);
  const outcome = [`${total((event) => event.failed)} failed`, `${total((event) => event.retries)} retried`];
  const spread = `p50 ${msText(quantile(durations, 0.5))} p95 ${msText(quantile(durations, 0.95))}`;
  const [received, sent] = [bytesText(client.bytes.received), bytesText(client.bytes.sent)];
  const children = metrics.health().children ?? [];

  const traffic = `in ${received} out ${sent}`;
  const pending = children.map((child) => `${child.name} ${child.pending}`).join(", ");
  const long = [`${rate} executions/s`, ...outcome, spread, traffic, `pending ${pending}`].join(" · ");
  if (long.length <= columns) return long;
  const numbers = children.map((child) => child.pending).join(", ");
  const short = [`${rate}/s`, ...outcome, tight(spread), tight(`↓${received} ↑${sent}`), `pending ${numbers}`];
  return short.join("  ").slice(0, columns);
}

/** Takes out the space between a number and its unit. */
function tight(text: string): string {
  return text.replaceAll(/(?<=\d) (?=[a-zA-Z]+( |$))/g, "");
}
