import {
  CATALOGUE,
  type FamilyDefinition,
  type FamilySnapshot,
  type HistogramSnapshot,
  OVERFLOW,
  type Snapshot,
} from "@eventmeter/aggregation";
import type { Reporter } from "@eventmeter/core/publisher";

/** A registry that metrics can be added to: one of prom-client, of `@prometheus-io/client`, or of your own. */
export interface WritableRegistry {
  registerMetric(metric: never): void;
  removeSingleMetric?(name: string): void;
  getSingleMetric?(name: string): unknown;
}

interface RegistryValue {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
  readonly sharedLabels?: Readonly<Record<string, string>>;
  readonly exemplar?: RegistryExemplar | undefined;
}

interface RegistryExemplar {
  readonly labelSet: Readonly<Record<string, string>>;
  readonly value: number;
  /** Epoch seconds. */
  readonly timestamp: number;
}

interface RegistryMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator: string;
  readonly values: readonly RegistryValue[];
}

/** The foreign registries that the families of one publisher are on. */
export interface Registrations {
  /** Puts the families on the pages of one more registry. Throws what the registry throws, and has none of them there then. */
  add(registry: WritableRegistry): void;
  /** Takes them off all pages again. Never throws. */
  close(): void;
}

/**
 * Opens the registrations of one publisher.
 * @param snapshot gives the series; taken once for all families of a page
 */
export function createRegistrations(snapshot: () => Snapshot, reporter: Reporter): Registrations {
  const removals: (() => void)[] = [];
  return {
    add(registry) {
      const current = shareWithinTurn(snapshot);
      const registered = new Map<string, unknown>();
      const remove = (): void => removeAll(registry, registered, reporter);
      const put = registry.registerMetric.bind(registry) as (metric: unknown) => void;
      try {
        for (const definition of [...CATALOGUE, OVERFLOW]) {
          const { name } = definition;
          const metric = createMetric(definition, () => current().families.find((family) => family.name === name));
          put(metric);
          registered.set(name, metric);
        }
      } catch (cause) {
        remove();
        throw cause;
      }
      removals.push(remove);
    },
    close() {
      for (const remove of removals.splice(0)) remove();
    },
  };
}

/** Takes metrics off a registry, except for names that somebody else has there by now. */
function removeAll(registry: WritableRegistry, registered: ReadonlyMap<string, unknown>, reporter: Reporter): void {
  for (const [name, metric] of registered) {
    try {
      if (registry.getSingleMetric === undefined || registry.getSingleMetric(name) === metric)
        registry.removeSingleMetric?.(name);
    } catch (cause) {
      reporter.error("registry-failed", `${name} could not be taken off a registry`, { cause });
    }
  }
}

/** A page asks each family for itself; all of them have to show one moment. */
function shareWithinTurn(snapshot: () => Snapshot): () => Snapshot {
  let shared: Snapshot | undefined;
  return () => {
    if (shared === undefined) {
      shared = snapshot();
      queueMicrotask(() => {
        shared = undefined;
      });
    }
    return shared;
  };
}

function createMetric({ name, help, type }: FamilyDefinition, find: () => FamilySnapshot | undefined): unknown {
  let rename: string | undefined;
  const read = (write: typeof writeShared): RegistryMetric => {
    const family = find();
    const values = family === undefined ? [] : write(family);
    const metric = { name: rename ?? name, help, type, aggregator: "sum", values };
    rename = undefined;
    return metric;
  };
  return {
    help,
    type,
    aggregator: "sum",
    get name() {
      return name;
    },
    // A registry cuts `_total` off a counter before it renders OpenMetrics, and never puts it back: it holds once only.
    set name(cut: string) {
      rename = cut;
    },
    get: () => Promise.resolve(read(writeFull)),
    // Not documented, and half the cost where it is known: labels that all lines of a series have are rendered once.
    getForPromString: () => Promise.resolve(read(writeShared)),
    // The numbers of a publisher only grow, whatever a registry is told.
    reset: () => {},
    collect: () => {},
  };
}

function writeFull(family: FamilySnapshot): RegistryValue[] {
  return writeShared(family).map(({ labels, sharedLabels, ...value }) =>
    Object.assign(value, { labels: { ...labels, ...sharedLabels } }),
  );
}

function writeShared(family: FamilySnapshot): RegistryValue[] {
  const values: RegistryValue[] = [];
  for (let index = 0; index < family.size; index += 1) {
    const labels = labelsOf(family, index);
    if (family.type === "counter") values.push({ labels, value: family.values[index] as number });
    else writeHistogram(values, family, index, labels);
  }
  return values;
}

function writeHistogram(
  values: RegistryValue[],
  family: HistogramSnapshot,
  index: number,
  sharedLabels: Readonly<Record<string, string>>,
): void {
  const { name, bounds, buckets, sums, hasExemplars } = family;
  const width = bounds.length + 1;
  const metricName = `${name}_bucket`;
  let count = 0;
  for (let bucket = 0; bucket < width; bucket += 1) {
    count += buckets[index * width + bucket] as number;
    const exemplar = hasExemplars ? exemplarOf(family, index, bucket) : undefined;
    values.push({ labels: { le: bounds[bucket] ?? "+Inf" }, value: count, metricName, sharedLabels, exemplar });
  }
  const labels = {};
  values.push({ labels, value: sums[index] as number, metricName: `${name}_sum`, sharedLabels, exemplar: undefined });
  values.push({ labels, value: count, metricName: `${name}_count`, sharedLabels, exemplar: undefined });
}

function exemplarOf(family: HistogramSnapshot, index: number, bucket: number): RegistryValue["exemplar"] {
  const exemplar = family.exemplar(index, bucket);
  // A clock that gives no number would cost the registry its page.
  if (exemplar === undefined || !Number.isFinite(exemplar.time)) return undefined;
  return { labelSet: exemplar.labels, value: exemplar.value, timestamp: exemplar.time / 1000 };
}

// The values of a label set are the same array in each snapshot: its labels need be built once only.
const labelsByValues = new WeakMap<readonly string[], Readonly<Record<string, string>>>();

function labelsOf(family: FamilySnapshot, index: number): Readonly<Record<string, string>> {
  const values = family.labelValues(index);
  const known = labelsByValues.get(values);
  if (known !== undefined) return known;
  const labels = Object.fromEntries(family.labelNames.map((name, at) => [name, values[at] as string]));
  labelsByValues.set(values, labels);
  return labels;
}
