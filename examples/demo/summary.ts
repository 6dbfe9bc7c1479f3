import type { PublisherHealth } from "@eventmeter/core";
import { quantile, type Tally } from "./tally.ts";
import { msText, tableText } from "./text.ts";

/** Gives what is printed at the end: a table per event, and each publisher's numbers. */
export function summaryText(tally: Tally, health: PublisherHealth): string {
  const events = [...tally.events.values()].map(({ eventName, executions, failed, retries, durationsMs }) => [
    eventName,
    ...[executions, failed, retries].map(String),
    ...[0.5, 0.95, 1].map((part) => msText(quantile(durationsMs, part))),
  ]);
  const publishers = [health, ...(health.children ?? [])].map((publisher) => [
    publisher.name,
    ...[publisher.received, publisher.delivered, publisher.dropped, publisher.ignored, publisher.pending].map(String),
    addsUp(publisher) ? "yes" : "NO",
  ]);
  return [
    tableText([["event", "executions", "failed", "retries", "p50", "p95", "max"], ...events]),
    tableText([["publisher", "received", "delivered", "dropped", "ignored", "pending", "adds up"], ...publishers]),
    ...[health, ...(health.children ?? [])].flatMap(reasonsText),
  ].join("\n\n");
}

/** Tells whether every record is accounted for. */
export function addsUp({ received, recovered, delivered, dropped, ignored, pending }: PublisherHealth): boolean {
  return received + recovered === delivered + dropped + ignored + pending;
}

function reasonsText({ name, droppedBy, ignoredBy }: PublisherHealth): string[] {
  const reasons = [...Object.entries(droppedBy), ...Object.entries(ignoredBy)].map(
    ([reason, count]) => `${reason} ${count}`,
  );
  return reasons.length === 0 ? [] : [`${name}: ${reasons.join(", ")}`];
}
