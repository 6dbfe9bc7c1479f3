import type { Clock, WaitOptions } from "./contract.ts";
import type { Reporter } from "./reporter.ts";
import { readWaitOptions, waitWithin } from "./wait.ts";

/** What a close is given although the flush before it took all the time, in milliseconds. */
const SHORTEST_CLOSE_MS = 50;

/** Calls what a publisher closes last, with the time that a flush of `spentMs` left. A failure is reported; never rejects. */
export async function closeWithin(
  close: ((options: WaitOptions) => unknown) | undefined,
  wait: WaitOptions | undefined,
  spentMs: number,
  { clock, reporter }: { readonly clock: Clock; readonly reporter: Reporter },
): Promise<void> {
  if (close === undefined) return;
  const { timeoutMs, signal } = readWaitOptions(wait);
  const rest = { timeoutMs: Math.max(timeoutMs - spentMs, SHORTEST_CLOSE_MS), signal };
  const work = Promise.resolve().then(() => close(rest));
  work.catch((cause: unknown) => reporter.error("publisher-failed", "the close failed", { cause }));
  await waitWithin(work, rest, clock);
}
