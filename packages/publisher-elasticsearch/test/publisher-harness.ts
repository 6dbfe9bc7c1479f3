import { ElasticsearchPublisher, type ElasticsearchPublisherOptions } from "@eventmeter/publisher-elasticsearch";
import type { Diagnostic, PublisherError } from "@eventmeter/core";
import { createVirtualClock, type VirtualClock } from "@eventmeter/testkit";
import { onTestFinished } from "vitest";

/** A publisher of one test, and everything it said. */
export interface Opened {
  readonly publisher: ElasticsearchPublisher;
  readonly clock: VirtualClock;
  readonly errors: readonly PublisherError[];
  readonly diagnostics: readonly Diagnostic[];
  /** Reasons and lines of records that were given up. */
  readonly dropped: readonly { readonly reason: string; readonly text: string }[];
  /** Publishes events with these task ids. */
  readonly publish: (...taskIds: readonly string[]) => void;
}

/** Any moment. */
export const NOON = Date.UTC(2026, 10, 22, 12);

/** Opens a publisher on a virtual clock; it is closed when the test ends. */
export function openPublisher(options: ElasticsearchPublisherOptions): Opened {
  const clock = createVirtualClock();
  const errors: PublisherError[] = [];
  const diagnostics: Diagnostic[] = [];
  const dropped: { reason: string; text: string }[] = [];
  const publisher = new ElasticsearchPublisher({
    clock,
    // Real requests take no virtual time: leaping ahead must not end them.
    sendTimeoutMs: 3_600_000,
    maxAgeMs: 2 ** 31 - 1,
    onError: (error) => errors.push(error),
    onDiagnostic: (diagnostic) => diagnostics.push(diagnostic),
    onDrop: ({ reason, bytes }) => dropped.push({ reason, text: Buffer.from(bytes).toString() }),
    ...options,
  });
  onTestFinished(async () => {
    let closed = false;
    void publisher.close({ timeoutMs: 0 }).finally(() => (closed = true));
    await eventually({ clock }, () => closed);
  });
  return {
    publisher,
    clock,
    errors,
    diagnostics,
    dropped,
    publish(...taskIds) {
      for (const taskId of taskIds)
        publisher.publishEventMetrics({ eventName: "import", taskId, startTime: NOON, endTime: NOON + 1_500 });
    },
  };
}

/** Waits for something real to happen; rejects after 5 s. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not so within 5 s: ${condition.toString()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Leaps ahead, past every back-off and probe, until something real has happened; rejects after 10 s. */
export async function eventually(
  { clock, leapMs = 30_000 }: Pick<Opened, "clock"> & { readonly leapMs?: number },
  condition: () => boolean,
): Promise<void> {
  for (let leaps = 0; leaps < 100 && !condition(); leaps += 1) {
    await clock.advance(leapMs);
    const deadline = performance.now() + 100;
    while (!condition() && performance.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
  }
  if (!condition()) throw new Error(`not so within 100 leaps: ${condition.toString()}`);
}
