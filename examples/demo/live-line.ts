import type { MetricsPublisher } from "@eventmeter/core";
import type { FileClient } from "./fetch-file.ts";
import { quantile, type Tally } from "./tally.ts";
import { bytesText, msText } from "./text.ts";

/** What the line shows. */
export interface LiveLineInit {
  readonly tally: Tally;
  readonly client: FileClient;
  readonly metrics: MetricsPublisher;
  readonly output: NodeJS.WriteStream;
}

/** One line about what goes on: rewritten in a terminal, a new one each time elsewhere. */
export interface LiveLine extends Disposable {
  /** Prints a line of its own above it. */
  readonly note: (text: string) => void;
}

const TERMINAL_INTERVAL_MS = 250;
const PLAIN_INTERVAL_MS = 5_000;

/** Begins to show the line. */
export function showLiveLine({ tally, client, metrics, output }: LiveLineInit): LiveLine {
  const began = performance.now();

  function line(): string {
    const events = [...tally.events.values()];
    const total = (of: (event: (typeof events)[number]) => number): number =>
      events.reduce((sum, event) => sum + of(event), 0);
    const executions = total((event) => event.executions);
    const durations = events.flatMap((event) => event.durationsMs);
    const pending = (metrics.health().children ?? []).map((child) => `${child.name} ${child.pending}`);
    return [
      `${(executions / ((performance.now() - began) / 1_000)).toFixed(0)} executions/s`,
      `${total((event) => event.failed)} failed`,
      `${total((event) => event.retries)} retried`,
      `p50 ${msText(quantile(durations, 0.5))} p95 ${msText(quantile(durations, 0.95))}`,
      `in ${bytesText(client.bytes.received)} out ${bytesText(client.bytes.sent)}`,
      `pending ${pending.join(", ")}`,
    ].join(" · ");
  }

  const clear = (): void => void (output.isTTY && output.write("\r\u001B[2K"));
  const show = (): void => {
    clear();
    output.write(output.isTTY ? line().slice(0, output.columns - 1) : `${line()}\n`);
  };
  const timer = setInterval(show, output.isTTY ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS);
  return {
    note(text) {
      clear();
      output.write(`${text}\n`);
      if (output.isTTY) show();
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      clear();
    },
  };
}
