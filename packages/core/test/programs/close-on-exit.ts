// Run as a process of its own by close-on-exit.test.ts: publishes one record and ends in the way its argument says.
import { setTimeout as wait } from "node:timers/promises";
import { closeOnExit, createPublisher } from "@eventmeter/core";

const mode = process.argv[2];
const publisher = createPublisher(
  {
    name: "example",
    event: () => (mode === "hang" ? new Promise(() => undefined) : wait(20, undefined, { ref: false })),
  },
  { onError: ({ code, dropped }) => console.log(`${code}: ${dropped}`) },
);
const close = publisher.close.bind(publisher);
publisher.close = async (options) => {
  const report = await close(options);
  console.log(`closed: ${report.status}, ${report.delivered} delivered`);
  return report;
};

if (mode === "throws")
  publisher.close = () => {
    throw new Error("against the contract");
  };
if (mode === "rejects") publisher.close = async () => Promise.reject(new Error("against the contract"));
if (mode === "never ends") publisher.close = () => new Promise(() => undefined);
const broken = mode === "throws" || mode === "rejects" || mode === "never ends";

closeOnExit(publisher, {
  signals: mode === "end" || mode === "hang" ? [] : ["SIGTERM"],
  timeoutMs: broken || mode === "hang" ? 100 : 5_000,
});
if (mode === "own-handler")
  process.on("SIGTERM", () => {
    setTimeout(() => {
      console.log("own handler");
      process.exit(3);
    }, 300);
  });
publisher.publishEventMetrics({ eventName: "job", taskId: 1, startTime: Date.now() });
if (broken || mode === "signal" || mode === "own-handler") setTimeout(() => undefined, 10_000);
console.log("ready");
