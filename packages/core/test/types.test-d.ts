// Compiled by the type check, never run: what must and what must not type-check for users with strict settings.
import {
  type CommonOptions,
  createPublisher,
  type EventMetrics,
  filtered,
  type FormattedEvent,
  formatMetrics,
  isNetwork,
  mapped,
  type MetricsPublisher,
  type NetworkMetrics,
} from "@eventmeter/core";
import { readEvent, createEventFields } from "@eventmeter/core/publisher";

declare const record: Readonly<EventMetrics> | Readonly<NetworkMetrics>;
declare const event: Readonly<EventMetrics>;
declare const publisher: MetricsPublisher;

if (record.operation === undefined) record.eventName satisfies string;
else record.bytesSent satisfies number;
if (isNetwork(record)) record.host satisfies string;
else record.taskId satisfies string | number;

formatMetrics(event) satisfies FormattedEvent;
const fields = createEventFields();
if (readEvent(event, fields)) publisher.publishEventMetrics(fields);

// Records are mutable, so that people fill and reuse them; absent fields may be given as undefined.
const reused: EventMetrics = {
  eventName: "job",
  taskId: 1,
  startTime: new Date(),
  endTime: undefined,
  attributes: undefined,
};
reused.endTime = Date.now();
reused.status = "completed";
reused.status = "my own";

// @ts-expect-error an event has no bytes
publisher.publishEventMetrics({ eventName: "job", taskId: 1, startTime: 0, bytesSent: 1 });
// @ts-expect-error a network operation is no event
publisher.publishEventMetrics({} as NetworkMetrics);
// @ts-expect-error an event is no network operation
publisher.publishNetworkMetrics(event);
// @ts-expect-error an attribute is a scalar
reused.attributes = { nested: {} };

// Publishers written with async methods type-check, as do the signals of every runtime.
export const asynchronous: Pick<MetricsPublisher, "publishEventMetrics"> = {
  async publishEventMetrics() {
    await Promise.resolve();
  },
};
void publisher.flush({ timeoutMs: 10, signal: AbortSignal.timeout(10) });

mapped(publisher, {
  event: (given) => ({ ...given, attributes: { ...given.attributes, email: undefined } }),
  network: () => null,
});
// @ts-expect-error a mapping cannot be asynchronous
mapped(publisher, { event: async (given) => given });
filtered(publisher, (given) => given.error != null, { name: undefined, owned: false });

export const plugin = (options?: CommonOptions): MetricsPublisher =>
  createPublisher({ name: "mine", event: async (data) => void data.attributes?.["tenant"] }, options);
