// Everything that a publisher shows from its construction to its close, to search it for secrets.
import type { CommonOptions, MetricsPublisher } from "@eventmeter/core";
import { canaryRecords } from "./canary-records.ts";
import { findSecrets } from "./secret-search.ts";

/** Everything that a publisher showed, by where it showed it. */
export interface PublisherOutput {
  readonly onError: readonly unknown[];
  readonly onDiagnostic: readonly unknown[];
  /** What `start()` rejected with. */
  readonly rejections: readonly unknown[];
  /** What `flush()` and `close()` resolved to. */
  readonly reports: readonly unknown[];
  /** What `check()` resolved to. */
  readonly checks: readonly unknown[];
  /** What `health()` returned. */
  readonly healths: readonly unknown[];
  /** The publisher itself. */
  readonly publishers: readonly unknown[];
}

const FLUSH_MS = 2_000;
const STEP_MS = 200;

/**
 * Creates a publisher, publishes the canary records, flushes until the first failure, then checks, starts and closes it.
 * Returns everything that it showed on the way. Takes little more than 2 seconds, whatever the backend does.
 */
export async function collectOutput(
  create: (options: Pick<CommonOptions, "onError" | "onDiagnostic">) => MetricsPublisher,
): Promise<PublisherOutput> {
  const onError: unknown[] = [];
  const onDiagnostic: unknown[] = [];
  const rejections: unknown[] = [];
  const { promise: failed, resolve: fail } = Promise.withResolvers<void>();
  const publisher = create({
    onError(error) {
      onError.push(error);
      fail();
    },
    onDiagnostic: (diagnostic) => void onDiagnostic.push(diagnostic),
  });
  publisher.publishEventMetrics(canaryRecords.event);
  publisher.publishNetworkMetrics(canaryRecords.network);
  const flushed = publisher.flush({ timeoutMs: FLUSH_MS });
  await Promise.race([flushed, failed]);
  const health = publisher.health();
  const check = await publisher.check?.({ timeoutMs: STEP_MS });
  await publisher.start?.({ timeoutMs: STEP_MS }).catch((caught: unknown) => rejections.push(caught));
  const reports = [await publisher.close({ timeoutMs: 0 }), await flushed];
  const healths = [health, publisher.health()];
  return { onError, onDiagnostic, rejections, reports, checks: [check], healths, publishers: [publisher] };
}

/**
 * Returns where an output shows which secret, such as `onError: password`; `[]` if it shows none. Takes any object with
 * lists of shown values, so that warnings, logs and further callbacks can be added to an output.
 * @param secrets by name, as for `findSecrets`
 */
export function findLeaks(output: object, secrets: Readonly<Record<string, string>>): readonly string[] {
  // The parts share most of what they hold: one search over all of it is the common case.
  if (findSecrets(output, secrets).length === 0) return [];
  return Object.entries(output).flatMap(([place, shown]) =>
    findSecrets(shown, secrets).map((name) => `${place}: ${name}`),
  );
}
