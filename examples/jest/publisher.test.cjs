// Tests under Jest, in CommonJS: what a program publishes, and a publisher of one's own.
const { createPublisher } = require("@eventmeter/core");
const { conformanceCases, RecordingPublisher } = require("@eventmeter/testkit");

test("reports a failed job", async () => {
  const metrics = new RecordingPublisher();
  const startTime = Date.now();
  metrics.publishEventMetrics({
    eventName: "job",
    taskId: "1",
    startTime,
    endTime: Date.now(),
    error: new TypeError("no input"),
  });
  expect(await metrics.nextEvent()).toMatchObject({ event_name: "job", status: "failed", error_type: "TypeError" });
  await metrics.close();
});

describe("my publisher", () => {
  const create = (options) => createPublisher({ name: "mine", event: () => {}, network: () => {} }, options);
  for (const { name, run } of conformanceCases({ create })) test(name, run);
});
