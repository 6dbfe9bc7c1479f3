// Publishers whose health the page shows, in the families `eventmeter_publisher_*`.
import { toPageable } from "@eventmeter/aggregation";
import type { PublisherHealth } from "@eventmeter/core";
import { ownText, readHealth, type Reporter } from "@eventmeter/core/publisher";
import type { PlainFamily, PlainSample } from "../page/plain-families.ts";

/** What can be watched: a publisher, or anything else with a name and a health. */
export interface Watched {
  readonly name: string;
  health(): PublisherHealth;
}

interface HealthFamily {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  /** Returns values by reason; the reason is empty for a number without reasons. */
  readonly read: (health: PublisherHealth) => Readonly<Record<string, number | null | undefined>>;
}

const UP = "eventmeter_publisher_up";

const one = (value: number | null): Readonly<Record<string, number | null>> => ({ "": value });
const secondsOf = (time: number | null | undefined): number | null => (typeof time === "number" ? time / 1000 : null);

const FAMILIES: readonly HealthFamily[] = [
  {
    name: UP,
    type: "gauge",
    help: "Whether a publisher tells its health and is not failing.",
    read: ({ state }) => one(state === "failing" ? 0 : 1),
  },
  {
    name: "eventmeter_publisher_received_total",
    type: "counter",
    help: "Records handed to a publisher.",
    read: ({ received }) => one(received),
  },
  {
    name: "eventmeter_publisher_recovered_total",
    type: "counter",
    help: "Records that a publisher took over from an earlier process.",
    read: ({ recovered }) => one(recovered),
  },
  {
    name: "eventmeter_publisher_delivered_total",
    type: "counter",
    help: "Records of a publisher that arrived.",
    read: ({ delivered }) => one(delivered),
  },
  {
    name: "eventmeter_publisher_dropped_total",
    type: "counter",
    help: "Records of a publisher that will not arrive, by reason.",
    read: ({ droppedBy }) => droppedBy,
  },
  {
    name: "eventmeter_publisher_ignored_total",
    type: "counter",
    help: "Records that a publisher left aside by a rule, by reason.",
    read: ({ ignoredBy }) => ignoredBy,
  },
  {
    name: "eventmeter_publisher_retries_total",
    type: "counter",
    help: "Attempts of a publisher beyond the first.",
    read: ({ retries }) => one(retries),
  },
  {
    name: "eventmeter_publisher_pending",
    type: "gauge",
    help: "Records that a publisher has accepted and not settled.",
    read: ({ pending }) => one(pending),
  },
  {
    name: "eventmeter_publisher_pending_bytes",
    type: "gauge",
    help: "Memory that the pending records of a publisher hold, in bytes.",
    read: ({ pendingDetail }) => one(pendingDetail.bytes),
  },
  {
    name: "eventmeter_publisher_last_success_timestamp_seconds",
    type: "gauge",
    help: "When a publisher last delivered a record, in seconds since the epoch.",
    read: ({ lastSuccess }) => one(secondsOf(lastSuccess)),
  },
  {
    name: "eventmeter_publisher_last_error_timestamp_seconds",
    type: "gauge",
    help: "When something of a publisher last failed, in seconds since the epoch.",
    read: ({ lastError }) => one(secondsOf(lastError?.time)),
  },
];

/** Publishers on one page, those inside others included. */
const MAX_PUBLISHERS = 1_000;

/** How many publishers are watched before it is worth looking for those that are closed. */
const FIRST_SWEEP = 64;

/** The publishers that one publisher watches. */
export class WatchedPublishers {
  readonly #reporter: Pick<Reporter, "error">;
  /** Names by publisher, as they were when it was added. */
  readonly #names = new Map<Watched, string>();
  /** Publishers that were found closed since the last page, with their last numbers. */
  readonly #ended: HealthOf[] = [];
  #sweepAt = FIRST_SWEEP;
  /** Whether it is reported that some are not shown. */
  #isReported = false;
  #closed = false;

  constructor(reporter: Pick<Reporter, "error">) {
    this.#reporter = reporter;
  }

  /** Watches a publisher; returns false if it is not one. */
  add(publisher: Watched): boolean {
    try {
      const { name, health } = (publisher ?? {}) as Partial<Watched>;
      if (typeof name !== "string" || typeof health !== "function") return false;
      if (!this.#closed) this.#add(publisher, ownText(toPageable(name)));
      return true;
    } catch {
      return false;
    }
  }

  /** Watches a publisher no more. */
  remove(publisher: Watched): void {
    this.#names.delete(publisher);
  }

  /** Returns the families of the watched publishers; none if nothing is watched. Those that are closed are not watched any more. */
  families(): PlainFamily[] {
    const watched = [...this.#readAll(), ...this.#ended.splice(0)];
    if (watched.length === 0) return [];
    for (const { publisher, health } of watched)
      if (publisher !== undefined && health?.state === "closed") this.#names.delete(publisher);
    const rows = new HealthRows();
    for (const { name, health } of watched) rows.add(name, [], health);
    this.#reportHidden(rows.hidden);
    return FAMILIES.map(({ name, type, help, read }) => ({
      name,
      type,
      help,
      samples: rows.all.flatMap((row) => samplesOf(row, name, read)),
    }));
  }

  /** Watches nothing any more. */
  close(): void {
    this.#closed = true;
    this.#names.clear();
    this.#ended.length = 0;
  }

  #add(publisher: Watched, name: string): void {
    if (this.#names.size >= this.#sweepAt) this.#sweep();
    if (this.#names.size < MAX_PUBLISHERS || this.#names.has(publisher)) this.#names.set(publisher, name);
    else this.#reportHidden(1);
  }

  /** Forgets publishers that are closed, except for their last numbers: where nobody scrapes, they would be kept forever. */
  #sweep(): void {
    for (const { publisher, name, health } of this.#readAll()) {
      if (health?.state !== "closed") continue;
      this.#names.delete(publisher);
      this.#ended.push({ name, health });
    }
    this.#ended.splice(0, this.#ended.length - MAX_PUBLISHERS);
    this.#sweepAt = Math.min(Math.max(2 * this.#names.size, FIRST_SWEEP), MAX_PUBLISHERS);
  }

  #readAll(): Required<HealthOf>[] {
    return Array.from(this.#names, ([publisher, name]) => ({ publisher, name, health: readHealth(publisher) }));
  }

  #reportHidden(count: number): void {
    if (count > 0 && !this.#isReported)
      this.#reporter.error(
        "watch-overflow",
        `the page has room for ${MAX_PUBLISHERS} publishers, those inside others included; further ones are not shown. Call unwatch() for publishers that are not used any more, or close() them`,
      );
    this.#isReported = count > 0;
  }
}

/** A watched publisher, and what it says. */
interface HealthOf {
  /** Absent if it is not watched any more. */
  readonly publisher?: Watched;
  readonly name: string;
  readonly health: PublisherHealth | undefined;
}

/** What the page shows of one publisher. */
interface HealthRow {
  readonly labels: readonly (readonly [string, string])[];
  /** Undefined for a publisher whose health cannot be read. */
  readonly health: PublisherHealth | undefined;
}

/** The rows of one page, each with labels of its own. */
class HealthRows {
  readonly all: HealthRow[] = [];
  /** Publishers for which there was no room. */
  hidden = 0;
  readonly #taken = new Set<string>();
  /** How often each name was asked for, by its path and name. */
  readonly #counts = new Map<string, number>();

  /** Adds a publisher and those inside it, which get the path of their parents' names as the label `parent`. */
  add(name: string, parents: readonly string[], health: PublisherHealth | undefined): void {
    if (this.all.length >= MAX_PUBLISHERS) {
      this.hidden += 1;
      return;
    }
    const parent = parents.join("/");
    const own = this.#freeName(parent, parents.length === 0 ? name : toPageable(name));
    this.all.push({ labels: [["publisher", own], ...(parent === "" ? [] : [["parent", parent] as const])], health });
    for (const child of health?.children ?? []) this.add(child.name, [...parents, own], child);
  }

  /** Takes a name for itself: one that is there already, with the same parents, gets `#2` and so on after it. */
  #freeName(parent: string, name: string): string {
    const key = `${parent}\0${name}`;
    let count = this.#counts.get(key) ?? 1;
    while (this.#taken.has(count === 1 ? key : `${key}#${count}`)) count += 1;
    this.#counts.set(key, count);
    this.#taken.add(count === 1 ? key : `${key}#${count}`);
    return count === 1 ? name : `${name}#${count}`;
  }
}

function samplesOf({ labels, health }: HealthRow, name: string, read: HealthFamily["read"]): PlainSample[] {
  if (health === undefined) return name === UP ? [{ name, labels, value: 0 }] : [];
  const seen = new Set<string>();
  return Object.entries(read(health)).flatMap(([given, value]) => {
    const reason = toPageable(given);
    if (seen.has(reason) || typeof value !== "number" || !(value >= 0)) return [];
    seen.add(reason);
    return [{ name, labels: reason === "" ? labels : [...labels, ["reason", reason] as const], value }];
  });
}
