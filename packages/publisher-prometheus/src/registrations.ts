// Registrations: adds the families of a publisher to registries of other libraries.
import {
  CATALOGUE,
  type FamilyDefinition,
  type FamilySnapshot,
  type HistogramSnapshot,
  OVERFLOW,
  type Snapshot,
} from "@eventmeter/aggregation";
import { describeFailure, type Reporter } from "@eventmeter/core/publisher";

/** A registry that metrics can be added to: one of prom-client, of `@prometheus-io/client`, or of your own. */
export interface WritableRegistry {
  registerMetric(metric: never): void;
  removeSingleMetric?(name: string): void;
  getSingleMetric?(name: string): unknown;
}

/** The foreign registries that show the families of one publisher. */
export class Registrations {
  readonly #snapshot: () => Snapshot;
  readonly #reporter: Reporter;
  /** What was registered, by name, for each registry. */
  readonly #registered: (readonly [WritableRegistry, ReadonlyMap<string, unknown>])[] = [];

  /** @param snapshot returns the series; called once for all families of a page */
  constructor(snapshot: () => Snapshot, reporter: Reporter) {
    this.#snapshot = snapshot;
    this.#reporter = reporter;
  }

  /** Adds the families to one more registry. Throws what the registry throws, and has then added none of them. */
  add(registry: WritableRegistry): void {
    const snapshot = shareWithinTurn(this.#snapshot);
    const metrics = new Map<string, unknown>();
    const register = registry.registerMetric.bind(registry) as (metric: unknown) => void;
    try {
      for (const definition of [...CATALOGUE, OVERFLOW]) {
        const metric = new RegisteredMetric(definition, snapshot);
        register(metric);
        metrics.set(definition.name, metric);
      }
    } catch (cause) {
      this.#removeAll(registry, metrics);
      throw cause;
    }
    this.#registered.push([registry, metrics]);
  }

  /** Takes the families off all registries. Never throws. */
  close(): void {
    for (const [registry, metrics] of this.#registered.splice(0)) this.#removeAll(registry, metrics);
  }

  /** Takes metrics off a registry, except where the name belongs to another metric by now. */
  #removeAll(registry: WritableRegistry, metrics: ReadonlyMap<string, unknown>): void {
    for (const [name, metric] of metrics) {
      try {
        if (registry.getSingleMetric === undefined || registry.getSingleMetric(name) === metric)
          registry.removeSingleMetric?.(name);
      } catch (cause) {
        this.#reporter.error("registry-failed", `${name} could not be taken off a registry${describeFailure(cause)}`, {
          cause,
        });
      }
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

/** One value of a metric, in the form that registries read. */
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

/** A metric with its values, in the form that registries read. */
interface RegistryMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator: string;
  readonly values: readonly RegistryValue[];
}

/** One family as a metric of a registry. The numbers of a publisher only grow, so `reset` does nothing. */
class RegisteredMetric {
  readonly help: string;
  readonly type: string;
  readonly aggregator = "sum";
  readonly #name: string;
  readonly #snapshot: () => Snapshot;
  #nextName: string | undefined;

  constructor({ name, help, type }: FamilyDefinition, snapshot: () => Snapshot) {
    this.help = help;
    this.type = type;
    this.#name = name;
    this.#snapshot = snapshot;
  }

  get name(): string {
    return this.#name;
  }

  // A registry cuts `_total` off a counter before it renders OpenMetrics, and never restores it: the name holds once only.
  set name(name: string) {
    this.#nextName = name;
  }

  async get(): Promise<RegistryMetric> {
    return this.#read(fullValues);
  }

  // Not documented, and half the cost where it is known: labels that all lines of a series have are rendered once.
  async getForPromString(): Promise<RegistryMetric> {
    return this.#read(sharedValues);
  }

  reset(): void {}

  collect(): void {}

  #read(valuesOf: (family: FamilySnapshot) => readonly RegistryValue[]): RegistryMetric {
    const family = this.#snapshot().families.find(({ name }) => name === this.#name);
    const values = family === undefined ? [] : valuesOf(family);
    const name = this.#nextName ?? this.#name;
    this.#nextName = undefined;
    return { name, help: this.help, type: this.type, aggregator: this.aggregator, values };
  }
}

/** Returns values with all their labels. */
function fullValues(family: FamilySnapshot): RegistryValue[] {
  return sharedValues(family).map(({ labels, sharedLabels, ...value }) =>
    Object.assign(value, { labels: { ...labels, ...sharedLabels } }),
  );
}

/** Returns values that share the labels of their label set. */
function sharedValues(family: FamilySnapshot): RegistryValue[] {
  const values: RegistryValue[] = [];
  for (let index = 0; index < family.size; index += 1) {
    const labels = labelsOf(family, index);
    if (family.type === "counter") values.push({ labels, value: family.values[index] as number });
    else addHistogram(values, family, index, labels);
  }
  return values;
}

function addHistogram(
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

function exemplarOf(family: HistogramSnapshot, index: number, bucket: number): RegistryExemplar | undefined {
  const exemplar = family.exemplar(index, bucket);
  // A clock that does not return a number would cost the registry its page.
  if (exemplar === undefined || !Number.isFinite(exemplar.time)) return undefined;
  return { labelSet: exemplar.labels, value: exemplar.value, timestamp: exemplar.time / 1000 };
}

// The values of a label set are the same array in each snapshot, so its labels are built once.
const labelsByValues = new WeakMap<readonly string[], Readonly<Record<string, string>>>();

function labelsOf(family: FamilySnapshot, index: number): Readonly<Record<string, string>> {
  const values = family.labelValues(index);
  const known = labelsByValues.get(values);
  if (known !== undefined) return known;
  const labels = Object.fromEntries(family.labelNames.map((name, at) => [name, values[at] as string]));
  labelsByValues.set(values, labels);
  return labels;
}
