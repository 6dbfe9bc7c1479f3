// Records kept as series, and the series of one moment.
import { SeriesStore } from "@eventmeter/aggregation";
import { createEventFields, readEvent } from "@eventmeter/core/publisher";

const store = new SeriesStore({ labels: { event: ["tenant"] }, bounds: { event_duration_seconds: [0.1, 1] } });
const fields = createEventFields("series"); // one per publisher, filled again for each record

const startTime = Date.now();
for (const duration of [40, 100, 2_500]) {
  const record = { eventName: "invoice", taskId: "t-1", startTime, endTime: startTime + duration };
  if (readEvent({ ...record, retryCount: 1, attributes: { tenant: "acme" } }, fields)) store.addEvent(fields);
}

for (const family of store.snapshot().families)
  for (const point of family.points) {
    if ("value" in point) console.log(family.name, point.labels, point.value);
    else console.log(family.name, point.labels, point.sum, [...point.bucketCounts]);
  }
// event_duration_seconds { event_name: 'invoice', status: 'completed', tenant: 'acme' } 2.64 [ 2, 0, 1 ]
// event_retries_total { event_name: 'invoice', tenant: 'acme' } 3
