// The fan-out of a composite: offers each record to every child that wants it, once.
import type { EventMetrics, MetricsPublisher, NetworkMetrics } from "@eventmeter/core";
import type { Ledger, Reporter } from "@eventmeter/core/publisher";
import type { Child, RecordKind } from "./child.ts";

/** Deep enough for a child that publishes records of its own, and less than a cycle needs to multiply records without bound. */
const MAX_DEPTH = 8;

type AnyRecord = Readonly<EventMetrics> | Readonly<NetworkMetrics>;

/** Offers records to the children of one composite. */
export class FanOut {
  closed = false;
  readonly #ledger: Ledger;
  readonly #reporter: Reporter;
  /** In the order in which they joined; replaced when one joins or leaves, never changed. */
  #children: readonly Child[] = [];
  /** The fan-out of each child that is a composite. */
  #innerFanOuts: readonly (FanOut | undefined)[] = [];
  #hasComposites = false;
  /** How many records are being offered, each while the one before is. */
  #depth = 0;
  readonly #offered = new OfferedPublishers();

  constructor(ledger: Ledger, reporter: Reporter) {
    this.#ledger = ledger;
    this.#reporter = reporter;
  }

  get children(): readonly Child[] {
    return this.#children;
  }

  join(child: Child): void {
    this.#setChildren([...this.#children, child]);
  }

  leave(child: Child): void {
    child.leave();
    this.#setChildren(this.#children.filter((other) => other !== child));
  }

  #setChildren(children: readonly Child[]): void {
    this.#children = children;
    this.#innerFanOuts = children.map(({ publisher }) => fanOuts.get(publisher));
    this.#hasComposites = this.#innerFanOuts.some((fanOut) => fanOut !== undefined);
  }

  /**
   * Offers a record to every child that wants it. Hot: one loop, and nothing is allocated.
   * @param outer publishers that the composites around this one have offered the record to
   */
  offer(record: AnyRecord, kind: RecordKind, outer?: OfferedPublishers): void {
    const ledger = this.#ledger;
    ledger.received += 1;
    if (this.closed) return this.#drop("closed", "record dropped: the publisher is closed");
    const depth = this.#depth;
    if (depth >= MAX_DEPTH) return this.#dropTooDeep();
    const offered = outer ?? (this.#hasComposites ? this.#offeredAt(depth) : undefined);
    // Children that join meanwhile get the next record.
    const children = this.#children;
    const innerFanOuts = this.#innerFanOuts;
    let wanting = 0;
    let skipped = 0;
    let failed = 0;
    this.#depth = depth + 1;
    for (let index = 0; index < children.length; index += 1) {
      const child = children[index] as Child;
      const filter = kind === "event" ? child.events : child.network;
      if (filter !== true && (filter === false || !child.passes(filter, record))) continue;
      wanting += 1;
      if (offered !== undefined && offered.has(child.publisher)) continue;
      if (child.isFull) {
        skipped += 1;
        child.skip();
        continue;
      }
      if (offered !== undefined) offered.add(child.publisher);
      child.offered += 1;
      try {
        const inner = innerFanOuts[index];
        const returned: unknown =
          inner === undefined ? publish(child.publisher, record, kind) : inner.offer(record, kind, offered);
        if (returned !== undefined) child.track(returned);
      } catch (cause) {
        failed += 1;
        child.reportLoss(cause);
      }
    }
    this.#depth = depth;
    if (wanting === 0) return ledger.ignore("unwanted");
    if (wanting === skipped + failed) return ledger.drop(failed > 0 ? "failed" : "overflow");
    ledger.delivered += 1;
  }

  #drop(reason: "closed" | "overflow", message: string): void {
    this.#ledger.drop(reason);
    this.#reporter.drop("record-dropped", message);
  }

  #dropTooDeep(): void {
    this.#drop("overflow", `record dropped: its children published to it ${MAX_DEPTH} deep; is it inside itself?`);
    // Nothing is being offered in a microtask: it resets a depth that an exhausted stack left behind.
    void Promise.resolve().then(() => (this.#depth = 0));
  }

  // A child that publishes while it is offered a record must not write into the list of that record.
  #offeredAt(depth: number): OfferedPublishers {
    if (depth > 0) return new OfferedPublishers();
    this.#offered.clear();
    return this.#offered;
  }
}

/** Publishers that a record was offered to: one list for a composite and all composites inside it, used for record after record. */
class OfferedPublishers {
  readonly #publishers: MetricsPublisher[] = [];
  #count = 0;

  clear(): void {
    this.#count = 0;
  }

  has(publisher: MetricsPublisher): boolean {
    for (let index = 0; index < this.#count; index += 1) if (this.#publishers[index] === publisher) return true;
    return false;
  }

  add(publisher: MetricsPublisher): void {
    this.#publishers[this.#count] = publisher;
    this.#count += 1;
  }
}

/** Fan-outs by their composite. */
const fanOuts = new WeakMap<MetricsPublisher, FanOut>();

/** Registers the fan-out of a composite, so that a composite around it passes on which publishers have had a record. */
export function registerFanOut(composite: MetricsPublisher, fanOut: FanOut): void {
  fanOuts.set(composite, fanOut);
}

function publish(publisher: MetricsPublisher, record: AnyRecord, kind: RecordKind): unknown {
  if (kind === "event") return publisher.publishEventMetrics(record as Readonly<EventMetrics>);
  return publisher.publishNetworkMetrics(record as Readonly<NetworkMetrics>);
}
