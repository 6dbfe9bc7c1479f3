import { toPageable } from "@eventmeter/aggregation";
import type { PublisherHealth } from "@eventmeter/core";
import { readHealth } from "@eventmeter/core/publisher";
import type { PlainFamily, PlainSample } from "../page/page-writer.ts";

/** What is watched: a publisher, or anything else that tells its health. */
export interface Watched {
  readonly name: string;
  health(): PublisherHealth;
}

interface Family {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  /** Gives a value for each reason, "" where there is none. */
  readonly read: (health: PublisherHealth) => Readonly<Record<string, number | null | undefined>>;
}

const UP = "eventmeter_publisher_up";

const one = (value: number | null): Readonly<Record<string, number | null>> => ({ "": value });
const secondsOf = (time: number | null | undefined): number | null => (typeof time === "number" ? time / 1000 : null);

const FAMILIES: readonly Family[] = [
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

interface Row {
  readonly labels: readonly (readonly [string, string])[];
  readonly health: PublisherHealth | undefined;
}

/** What one publisher watches. */
export interface Watch {
  /** Watches a publisher; false if it is none. */
  add(publisher: Watched): boolean;
  /** Gives the families of what is watched; none if nothing is. */
  families(): PlainFamily[];
  /** Watches nothing any more. */
  close(): void;
}

/** Opens the watch of one publisher. */
export function createWatch(): Watch {
  const watched = new Map<Watched, string>();
  let closed = false;
  return {
    add(publisher) {
      try {
        const { name, health } = (publisher ?? {}) as Partial<Watched>;
        if (typeof name !== "string" || typeof health !== "function") return false;
        if (!closed) watched.set(publisher, name);
        return true;
      } catch {
        return false;
      }
    },
    families() {
      const rows = rowsOf(watched);
      if (rows.length === 0) return [];
      return FAMILIES.map(({ name, type, help, read }) => ({
        name,
        type,
        help,
        samples: rows.flatMap((row) => samplesOf(row, name, read)),
      }));
    },
    close() {
      closed = true;
      watched.clear();
    },
  };
}

/**
 * Gives a row for each publisher, children included. A child has its path of parents in the label `parent`; one whose name
 * and path are there already gets `#2` and so on behind its name.
 */
function rowsOf(watched: ReadonlyMap<Watched, string>): Row[] {
  const rows: Row[] = [];
  const taken = new Set<string>();
  const counts = new Map<string, number>();

  function freeName(parent: string, name: string): string {
    const key = `${parent}\0${name}`;
    let count = counts.get(key) ?? 1;
    while (taken.has(count === 1 ? key : `${key}#${count}`)) count += 1;
    counts.set(key, count);
    taken.add(count === 1 ? key : `${key}#${count}`);
    return count === 1 ? name : `${name}#${count}`;
  }

  function add(name: string, path: readonly string[], health: PublisherHealth | undefined): void {
    if (rows.length >= MAX_PUBLISHERS) return;
    const parent = path.join("/");
    const own = freeName(parent, toPageable(name));
    rows.push({ labels: [["publisher", own], ...(parent === "" ? [] : [["parent", parent] as const])], health });
    for (const child of health?.children ?? []) add(child.name, [...path, own], child);
  }

  for (const [publisher, name] of watched) add(name, [], readHealth(publisher));
  return rows;
}

function samplesOf({ labels, health }: Row, name: string, read: Family["read"]): PlainSample[] {
  if (health === undefined) return name === UP ? [{ name, labels, value: 0 }] : [];
  const seen = new Set<string>();
  return Object.entries(read(health)).flatMap(([given, value]) => {
    const reason = toPageable(given);
    if (seen.has(reason) || typeof value !== "number" || !(value >= 0)) return [];
    seen.add(reason);
    return [{ name, labels: reason === "" ? labels : [...labels, ["reason", reason] as const], value }];
  });
}
