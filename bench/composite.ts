// Row 5: what a composite of four adds to its members, in observations of prom-client. Runs in a process of its own.
import { createPublisher, type MetricsPublisher } from "@eventmeter/core";
import { CompositePublisher } from "@eventmeter/publisher-composite";
import { compare, nanoseconds } from "./lib.ts";
import { createNaivePromClient, makeEvents } from "./workload.ts";

const CALLS = 200_000;
const events = makeEvents(1_000);
const members = Array.from({ length: 4 }, (_, index) => idle(`member-${index}`));
const composite = new CompositePublisher(members);
const naive = createNaivePromClient();

const viaComposite = (call: number): void => composite.publishEventMetrics(at(call));
const direct = (call: number): void => {
  for (const member of members) member.publishEventMetrics(at(call));
};
const finding = await compare(
  { goal: "5", what: "composite of 4, over its members, x one observe", unit: "ns", limit: 0.1, stretch: 0.05 },
  () => nanoseconds(CALLS, viaComposite) - nanoseconds(CALLS, direct),
  () =>
    nanoseconds(CALLS, (call) => {
      const { eventName, status, startTime, endTime } = at(call);
      naive.duration(eventName, status, (endTime - startTime) / 1000);
    }),
);
const { received: offered } = composite.health();
if (members.some((member) => member.health().received !== offered * 2)) throw new Error("a member missed records");
process.stdout.write(JSON.stringify([finding]));

function at(call: number): (typeof events)[number] {
  return events[call % events.length] as (typeof events)[number];
}

/** A member that costs as little as a publisher can: it counts. */
function idle(name: string): MetricsPublisher {
  let received = 0;
  const base = createPublisher({ name });
  return {
    ...base,
    name,
    contract: 1,
    publishEventMetrics() {
      received += 1;
    },
    health: () => ({ ...base.health(), received }),
  };
}
