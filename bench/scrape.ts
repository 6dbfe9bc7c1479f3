// Rows 6 to 8: what a metrics page costs, how long it blocks the event loop, and what a user's own registry on it costs.
// Runs in a process of its own: `scrape.ts <label sets>`.
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";
import { Registry } from "prom-client";
import { assertSamePage, compare, type Finding, longestBlock } from "./lib.ts";
import { createSubject, scrape } from "./subject.ts";
import { createNaivePromClient, makeEvents } from "./workload.ts";

const labelSets = Number(process.argv[2]);
const publisher = createSubject(labelSets);
const naive = createNaivePromClient();
for (let turn = 0; turn < 3; turn += 1)
  for (const event of makeEvents(labelSets)) {
    publisher.publishEventMetrics(event);
    naive.event(event);
  }
assertSamePage(await publisher.metrics(), await naive.registry.metrics());

const findings: Finding[] = [];
findings.push(
  await compare(
    { goal: "6", what: `page, ${labelSets} label sets`, unit: "ms", limit: 0.3, stretch: 0.1 },
    () => milliseconds(() => scrape(publisher)),
    () => milliseconds(() => naive.registry.metrics()),
  ),
);
findings.push(
  await compare(
    { goal: "6", what: `metrics() as one string, ${labelSets} label sets`, unit: "ms", limit: 0.3, stretch: 0.1 },
    () => milliseconds(() => publisher.metrics()),
    () => milliseconds(() => naive.registry.metrics()),
  ),
);
const [limit, stretch] = labelSets >= 50_000 ? [0.03, 0.01] : [0.08, 0.03];
if (labelSets >= 10_000)
  findings.push(
    await compare(
      { goal: "7", what: `longest block by a scrape, ${labelSets} label sets`, unit: "ms", limit, stretch },
      () => longestBlock(() => scrape(publisher)),
      () => longestBlock(() => naive.registry.metrics()),
    ),
  );
// The user's own endpoint shows our families: it asks its registry for all of them.
const shared = new Registry();
publisher.registerInto(shared);
assertSamePage(await shared.metrics(), await naive.registry.metrics());
findings.push(
  await compare(
    {
      goal: "8",
      what: `our families in a user's registry, ${labelSets} label sets`,
      unit: "ms",
      limit: 1.05,
      stretch: 0.9,
    },
    () => milliseconds(() => shared.metrics()),
    () => milliseconds(() => naive.registry.metrics()),
  ),
);
// Our page shows the metrics of the user's registry, which have names of their own.
const foreign = createNaivePromClient("user_");
for (const event of makeEvents(labelSets)) foreign.event(event);
const reader = new PrometheusPublisher({ server: false, registry: foreign.registry });
assertSamePage(ofUser(await reader.metrics()), await foreign.registry.metrics());
findings.push(
  await compare(
    {
      goal: "8",
      what: `a user's registry on our page, ${labelSets} label sets`,
      unit: "ms",
      limit: 1.05,
      stretch: 0.9,
    },
    () => milliseconds(() => scrape(reader)),
    () => milliseconds(() => foreign.registry.metrics()),
  ),
);
process.stdout.write(JSON.stringify(findings));

/** Returns the milliseconds per page. Small pages are created several times, so that rounds take about equally long. */
async function milliseconds(run: () => Promise<unknown>): Promise<number> {
  const pages = Math.ceil(20_000 / labelSets);
  const began = performance.now();
  for (let page = 0; page < pages; page += 1) await run();
  return (performance.now() - began) / pages;
}

function ofUser(page: string): string {
  return page
    .split("\n")
    .filter((line) => line.startsWith("user_"))
    .join("\n");
}
