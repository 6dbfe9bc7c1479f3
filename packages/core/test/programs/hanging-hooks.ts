// A program whose hooks hang; it has to end by itself. Run as a process of its own by hook-timeouts.test.ts.
import { createPublisher } from "@eventmeter/core";

const [, , hanging = "", closing = ""] = process.argv;
const now = Date.now();
const hang =
  (hook: string): (() => unknown) =>
  () =>
    hook === hanging ? new Promise(() => undefined) : undefined;
const publisher = createPublisher(
  { name: "example", event: () => undefined, start: hang("start"), flush: hang("flush"), close: hang("close") },
  { onError: ({ message }) => console.log(message) },
);
publisher.publishEventMetrics({ eventName: "job", taskId: "1", startTime: now - 10, endTime: now });
void publisher.flush({ timeoutMs: 50 });
if (closing === "close") void publisher.close({ timeoutMs: 100 });
