// Rows 1 to 3: what one publish costs. Runs in a process of its own: `publish.ts <label sets>`.
import { assertSamePage, compare, type Finding, nanoseconds } from "./lib.ts";
import { createSubject } from "./subject.ts";
import { createNaivePromClient, makeEvents, makeOperations } from "./workload.ts";

const labelSets = Number(process.argv[2]);
const calls = { ours: 300_000, theirs: 60_000 };
const events = makeEvents(labelSets);
const operations = makeOperations(labelSets);

await assertSameSeries();
const publisher = createSubject(labelSets * 2);
const naive = createNaivePromClient();
const findings: Finding[] = [];

const [limit, stretch] = labelSets >= 10_000 ? [0.35, 0.2] : labelSets >= 1_000 ? [0.25, 0.15] : [0.25, 0.12];
findings.push(
  await compare(
    { goal: "1", what: `publishEventMetrics, ${labelSets} label sets`, unit: "ns", limit, stretch },
    () => nanoseconds(calls.ours, (call) => publisher.publishEventMetrics(at(events, call))),
    () => nanoseconds(calls.theirs, (call) => naive.event(at(events, call))),
  ),
  await compare(
    { goal: "2", what: `publishNetworkMetrics, ${labelSets} label sets`, unit: "ns", limit: 0.15, stretch: 0.08 },
    () => nanoseconds(calls.ours, (call) => publisher.publishNetworkMetrics(at(operations, call))),
    () => nanoseconds(calls.theirs, (call) => naive.network(at(operations, call))),
  ),
);

const named = createSubject(labelSets * 2);
const record = { eventName: "", taskId: 1, startTime: Date.now() - 250, endTime: Date.now(), status: "completed" };
findings.push(
  await compare(
    { goal: "3", what: `event named per call, ${labelSets} names`, unit: "ns", limit: 0.65, stretch: 0.45 },
    () =>
      nanoseconds(calls.ours, (call) => {
        record.eventName = `event-name-${call % labelSets}`;
        named.publishEventMetrics(record);
      }),
    () => nanoseconds(calls.theirs, (call) => naive.duration(`event-name-${call % labelSets}`, "completed", 0.25)),
  ),
);
process.stdout.write(JSON.stringify(findings));

function at<Item>(items: readonly Item[], call: number): Item {
  return items[call % items.length] as Item;
}

async function assertSameSeries(): Promise<void> {
  const ours = createSubject(labelSets * 2);
  const theirs = createNaivePromClient();
  for (let call = 0; call < labelSets * 3; call += 1) {
    ours.publishEventMetrics(at(events, call));
    theirs.event(at(events, call));
    ours.publishNetworkMetrics(at(operations, call));
    theirs.network(at(operations, call));
  }
  assertSamePage(await ours.metrics(), await theirs.registry.metrics());
}
