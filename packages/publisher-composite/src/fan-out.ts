import type { EventMetrics, MetricsPublisher, NetworkMetrics } from "@eventmeter/core";
import type { Ledger, Reporter } from "@eventmeter/core/publisher";
import { type Child, hold, MAX_UNSETTLED, passes, publishFailed, skip } from "./child.ts";

// Deep enough for a child that publishes records of its own, and short of what a cycle could multiply.
const MAX_DEPTH = 8;

/** Which publishers a record was offered to: one list for a composite and all composites inside it, used for record after record. */
interface Offered {
  readonly publishers: MetricsPublisher[];
  count: number;
}

type AnyRecord = Readonly<EventMetrics> | Readonly<NetworkMetrics>;

/** The way of a record from a composite to its children. */
export interface FanOut {
  /** In the order they joined; replaced when one joins or leaves, never changed. */
  readonly children: readonly Child[];
  closed: boolean;
  join(child: Child): void;
  leave(child: Child): void;
  /** Offers a record of the kind that `network` tells to every child that wants it. */
  offer(record: AnyRecord, network: boolean, offered?: Offered): void;
}

const fanOuts = new WeakMap<MetricsPublisher, FanOut>();

/** Makes a composite known to those it may be put into: they hand it the list of who was offered a record already. */
export function nestable(composite: MetricsPublisher, fanOut: FanOut): void {
  fanOuts.set(composite, fanOut);
}

/** Opens the way to no children yet. */
export function createFanOut(ledger: Ledger, reporter: Reporter): FanOut {
  let children: readonly Child[] = [];
  let nested: readonly (FanOut | undefined)[] = [];
  let nests = false;
  let depth = 0;
  const own: Offered = { publishers: [], count: 0 };

  function change(next: readonly Child[]): void {
    children = next;
    nested = next.map(({ publisher }) => fanOuts.get(publisher));
    nests = nested.some((fanOut) => fanOut !== undefined);
  }

  // Hot path: one loop, and nothing is allocated.
  function offer(record: AnyRecord, network: boolean, given?: Offered): void {
    ledger.received += 1;
    if (fanOut.closed) return refuse("closed", "record dropped: the publisher is closed");
    if (depth >= MAX_DEPTH) return refuseDepth();
    const level = depth;
    const offered = given ?? (nests ? listFor(level) : undefined);
    const round = children;
    const inner = nested;
    let taken = 0;
    let skipped = 0;
    depth = level + 1;
    for (let index = 0; index < round.length; index += 1) {
      const child = round[index] as Child;
      const wanted = network ? child.network : child.events;
      if (wanted !== true && (wanted === false || !passes(child, wanted, record))) continue;
      taken += 1;
      if (offered !== undefined && wasOffered(offered, child.publisher)) continue;
      if (child.unsettled.size >= MAX_UNSETTLED) {
        skipped += 1;
        skip(child);
        continue;
      }
      if (offered !== undefined) note(offered, child.publisher);
      try {
        const way = inner[index];
        const returned: unknown =
          way === undefined ? call(child.publisher, record, network) : way.offer(record, network, offered);
        if (returned !== undefined) hold(child, returned);
      } catch (cause) {
        publishFailed(child, cause);
      }
    }
    depth = level;
    if (taken === 0) return ledger.ignore("unwanted");
    if (taken === skipped) return ledger.drop("overflow");
    ledger.delivered += 1;
  }

  function refuse(reason: "closed" | "overflow", message: string): void {
    ledger.drop(reason);
    reporter.drop("record-dropped", message);
  }

  // No publish is under way in a microtask: a depth that an exhausted stack left behind is set right there.
  function refuseDepth(): void {
    refuse("overflow", `record dropped: its children published to it ${MAX_DEPTH} deep; is it inside itself?`);
    void Promise.resolve().then(() => (depth = 0));
  }

  // A child that publishes while it is offered a record must not write into the list of that record.
  function listFor(level: number): Offered {
    if (level > 0) return { publishers: [], count: 0 };
    own.count = 0;
    return own;
  }

  const fanOut: FanOut = {
    get children() {
      return children;
    },
    closed: false,
    join: (child) => change([...children, child]),
    leave(child) {
      // It leaves the round that is under way too.
      child.events = false;
      child.network = false;
      change(children.filter((other) => other !== child));
    },
    offer,
  };
  return fanOut;
}

function call(publisher: MetricsPublisher, record: AnyRecord, network: boolean): unknown {
  if (network) return publisher.publishNetworkMetrics(record as Readonly<NetworkMetrics>);
  return publisher.publishEventMetrics(record as Readonly<EventMetrics>);
}

function wasOffered({ publishers, count }: Offered, publisher: MetricsPublisher): boolean {
  for (let index = 0; index < count; index += 1) if (publishers[index] === publisher) return true;
  return false;
}

function note(offered: Offered, publisher: MetricsPublisher): void {
  offered.publishers[offered.count] = publisher;
  offered.count += 1;
}
