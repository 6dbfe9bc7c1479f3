// Reader for the reports of flush() and close() of publishers that anyone may have written.
import type { FlushReport, MetricsPublisher, PublisherHealth } from "./contract.ts";
import { countOf, countsOf, createReadBudget, type ReadBudget, readChildren, TOTALS } from "./foreign-values.ts";
import { failingHealth, readHealth } from "./read-health.ts";

type Status = FlushReport["status"];

const STATUSES: ReadonlySet<unknown> = new Set<Status>(["complete", "timeout", "aborted"]);

/**
 * Reads what flush() or close() of a publisher resolved with, and the reports inside it, each field once. Returns undefined for
 * anything but a report: a known status and all six totals. A child with a name but without such a report is shown as aborted
 * with all numbers at 0; anything else that is not a report is left out. A report without `droppedBy` gets that of the health
 * if the health has the same total, and a closed publisher that has dropped records since its report has the numbers of its
 * health. Never throws.
 */
export function readReport(
  publisher: Pick<MetricsPublisher, "name" | "health">,
  given: unknown,
): FlushReport | undefined;
/**
 * Reads a report in the same way, and makes one of the publisher's health where `given` is not a report.
 * @param status status of a report that is made of the health
 */
export function readReport(
  publisher: Pick<MetricsPublisher, "name" | "health">,
  given: unknown,
  status: FlushReport["status"],
): FlushReport;
export function readReport(
  publisher: Pick<MetricsPublisher, "name" | "health">,
  given: unknown,
  status?: Status,
): FlushReport | undefined {
  const report = copySafely(given, publisher.name);
  if (report === undefined)
    return status && reportOfHealth(readHealth(publisher) ?? failingHealth(publisher.name), status);
  const health = readHealth(publisher);
  // A publisher that is closed answers with the report of its close, whatever it has dropped since.
  if (health?.state === "closed" && health.dropped > report.dropped)
    return { ...reportOfHealth(health, report.status), durable: report.durable };
  if (report.droppedBy !== undefined) return report;
  return health?.dropped === report.dropped ? { ...report, droppedBy: health.droppedBy } : report;
}

function copySafely(given: unknown, name: string): FlushReport | undefined {
  try {
    return copyReport(given, name, createReadBudget());
  } catch {
    return undefined;
  }
}

function copyReport(given: unknown, name: string | undefined, budget: ReadBudget): FlushReport | undefined {
  const copy = { ...(given as FlushReport) };
  const { status, received, recovered, delivered, dropped, ignored, pending, droppedBy, durable, children } = copy;
  if (!STATUSES.has(status) || !TOTALS.every((total) => Number.isFinite(copy[total]))) return undefined;
  return {
    ...(name === undefined ? {} : { name }),
    status,
    received,
    recovered,
    delivered,
    dropped,
    ignored,
    pending,
    ...(typeof droppedBy === "object" && droppedBy !== null ? { droppedBy: countsOf(droppedBy) } : {}),
    durable: countOf(durable),
    ...(Array.isArray(children) ? { children: readChildren(children, budget, copyChild) } : {}),
  };
}

// A child that cannot be read must not cost its parent its report, and a child's loss must not look like no loss.
function copyChild(child: unknown, budget: ReadBudget): FlushReport | undefined {
  const name = nameOf(child);
  try {
    const report = copyReport(child, name, budget);
    if (report !== undefined) return report;
  } catch {
    // Shown as aborted.
  }
  return name === undefined ? undefined : reportOfHealth(failingHealth(name), "aborted");
}

function nameOf(child: unknown): string | undefined {
  try {
    const { name } = child as { readonly name?: unknown };
    return typeof name === "string" ? name : undefined;
  } catch {
    return undefined;
  }
}

function reportOfHealth(health: PublisherHealth, status: Status): FlushReport {
  const { name, received, recovered, delivered, dropped, ignored, pending, droppedBy, children } = health;
  return {
    name,
    status,
    received,
    recovered,
    delivered,
    dropped,
    ignored,
    pending,
    droppedBy,
    durable: 0,
    ...(children === undefined ? {} : { children: children.map((child) => reportOfHealth(child, status)) }),
  };
}
