import type { PublisherHealth } from "@eventmeter/core";
import { quantile, type Tally } from "./tally.ts";
import { msText, tableText } from "./text.ts";

const COLUMNS = ["received", "recovered", "delivered", "dropped", "ignored", "pending"] as const;

/** Gives what is printed at the end: a table per event, each publisher's numbers, and whether they add up. */
export function summaryText(tally: Tally, health: PublisherHealth): string {
  const events = [...tally.events.values()].map(({ eventName, executions, failed, retries, durationsMs, maxMs }) => [
    eventName,
    ...[executions, failed, retries].map(String),
    ...[quantile(durationsMs, 0.5), quantile(durationsMs, 0.95), maxMs].map(msText),
  ]);
  const publishers = [health, ...(health.children ?? [])];
  const numbers = publishers.map((publisher) => [
    publisher.name,
    ...COLUMNS.map((column) => String(publisher[column])),
  ]);
  return [
    tableText([["event", "executions", "failed", "retries", "p50", "p95", "max"], ...events]),
    tableText([["publisher", ...COLUMNS], ...numbers]),
    ...publishers.flatMap(reasonsText),
    equationText(publishers),
  ].join("\n\n");
}

/** Tells whether every record is accounted for. */
export function addsUp({ received, recovered, delivered, dropped, ignored, pending }: PublisherHealth): boolean {
  return received + recovered === delivered + dropped + ignored + pending;
}

function equationText(publishers: readonly PublisherHealth[]): string {
  const wrong = publishers.filter((publisher) => !addsUp(publisher)).map(({ name }) => name);
  const verdict = wrong.length === 0 ? "they add up" : `NUMBERS OF ${wrong.join(", ")} DO NOT ADD UP`;
  return `${verdict}: received + recovered = delivered + dropped + ignored + pending`;
}

function reasonsText({ name, droppedBy, ignoredBy }: PublisherHealth): string[] {
  const reasons = [...Object.entries(droppedBy), ...Object.entries(ignoredBy)].map(
    ([reason, count]) => `${reason} ${count}`,
  );
  return reasons.length === 0 ? [] : [`${name}: ${reasons.join(", ")}`];
}
