import { type EventMetrics, filtered, type MetricsPublisher, noopPublisher } from "@eventmeter/core";
import { type CompositeChild, CompositePublisher } from "@eventmeter/publisher-composite";

const plain: MetricsPublisher = noopPublisher();
const asynchronous: MetricsPublisher = {
  ...plain,
  async publishEventMetrics(record: Readonly<EventMetrics>) {
    await Promise.resolve(record.eventName);
  },
};
const entry: CompositeChild = {
  publisher: plain,
  events: undefined,
  network: (record) => record.bytesSent > 0,
  owned: false,
};

const composite: MetricsPublisher = new CompositePublisher(
  [plain, asynchronous, entry, filtered(plain, (record) => record.error != null)],
  { name: undefined, onError: ({ publisher }) => void publisher.length },
);

// @ts-expect-error: the list comes first
void new CompositePublisher(composite);
// @ts-expect-error: no such member
void new CompositePublisher([{ publisher: plain, event: true }]);
// @ts-expect-error: a predicate answers with a boolean
void new CompositePublisher([{ publisher: plain, events: async () => true }]);
// @ts-expect-error: no such option
void new CompositePublisher([], { onEror: () => undefined });
