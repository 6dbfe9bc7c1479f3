// The line on standard error about records that are lost because the process ended.
import type { MetricsPublisher, PublisherHealth } from "../publisher/contract.ts";
import { readHealth } from "../publisher/read-health.ts";

/** Returns one line that says how many records of which publishers are lost; undefined if none is. */
export function lossLine(publishers: readonly MetricsPublisher[]): string | undefined {
  const losses = [...new Set(publishers)].flatMap((publisher) => {
    const health = readHealth(publisher);
    return health === undefined ? [] : lossesOf(health);
  });
  if (losses.length === 0) return undefined;
  return (
    `eventmeter: the process ended before these records were sent: ${losses.join(", ")}. ` +
    "Await close() of the publisher, or of what closeOnExit() returned, before process.exit().\n"
  );
}

/** Numbers of a composite or wrapper are those of what is inside: only publishers without children count. */
function lossesOf({ name, pending, children = [] }: PublisherHealth): string[] {
  if (children.length > 0) return children.flatMap(lossesOf);
  // One line, whatever another implementation calls itself.
  return pending > 0 ? [`${pending} of ${name.replace(/\s+/g, " ")}`] : [];
}
