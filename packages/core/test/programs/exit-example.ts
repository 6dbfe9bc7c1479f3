// What the programs about the end of a process share: a publisher, and records for it.
import { setTimeout as wait } from "node:timers/promises";
import { closeOnExit, createPublisher, type MetricsPublisher } from "@eventmeter/core";

/** Creates a publisher whose records arrive after 20 ms, or never. */
export function createExample(name = "example", arrives = true): MetricsPublisher {
  return createPublisher({
    name,
    event: () => (arrives ? wait(20, undefined, { ref: false }) : new Promise(() => undefined)),
  });
}

/** Publishes finished events. */
export function publish(publisher: MetricsPublisher, records = 1): void {
  for (let taskId = 0; taskId < records; taskId += 1)
    publisher.publishEventMetrics({ eventName: "job", taskId, startTime: Date.now(), endTime: Date.now() });
}

/** Keeps the process running until something else ends it, 10 s at most. */
export function stay(): void {
  setTimeout(() => undefined, 10_000);
}

/** Closes the publisher on exit, and then prints what the report says. */
export function closeAndTell(publisher: MetricsPublisher, options?: Parameters<typeof closeOnExit>[1]): void {
  const { closed } = closeOnExit(publisher, options);
  void closed.then(({ status, delivered }) => console.log(`closed: ${status}, ${delivered} delivered`));
}
