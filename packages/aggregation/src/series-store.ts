// The series store: adds finished records to the series of the catalogue.
import type { Clock } from "@eventmeter/core";
import type { EventFields, NetworkFields } from "@eventmeter/core/publisher";
import {
  DIRECTIONS,
  EVENT_DURATION,
  EVENT_RETRIES,
  type FamilyDefinition,
  NETWORK_BYTES,
  NETWORK_LATENCY,
} from "./catalogue.ts";
import { add, type CounterFamily, createCounterFamily } from "./counter-family.ts";
import { type ExcludedLabelSet, ExcludedLabelSets } from "./excluded-label-sets.ts";
import { bytesOfExemplars, keepExemplar } from "./exemplars.ts";
import { createHistogramFamily, type HistogramFamily, observe } from "./histogram-family.ts";
import { beginReading, endReading, type LabelReading, readEventLabel, readNetworkLabel } from "./label-reading.ts";
import { createLabelSets, findLabelSet, findRelatedSet, type LabelSets } from "./label-sets.ts";
import { resolveOptions, type SeriesStoreOptions } from "./options.ts";
import { copyCounter, copyHistogram, countOverflowed, type Snapshot } from "./snapshot.ts";
import { splitSnapshot } from "./split-snapshot.ts";

/** Keeps finished records as the series of the catalogue: bounded, cumulative since construction. */
export class SeriesStore {
  readonly #duration: HistogramFamily;
  readonly #retries: CounterFamily;
  readonly #bytes: CounterFamily;
  readonly #latency: HistogramFamily;
  readonly #eventLabels: readonly string[];
  readonly #networkLabels: readonly string[];
  readonly #clock: Clock;
  readonly #startTime: number;
  readonly #excluded = new ExcludedLabelSets();
  #eventReading: LabelReading | undefined;
  #networkReading: LabelReading | undefined;

  /** @throws PublisherError `options`, listing every wrong field */
  constructor(options: SeriesStoreOptions = {}) {
    const {
      maxLabelSets: limit,
      eventLabels,
      networkLabels,
      durationBounds,
      latencyBounds,
      exemplars,
      clock,
      onOverflow,
    } = resolveOptions(options);
    const createSets = (
      definition: FamilyDefinition,
      promoted: readonly string[],
      fixedValues: readonly string[] = [],
    ): LabelSets => {
      const report = (): void => callOnOverflow(onOverflow, definition.name);
      return createLabelSets({ definition, promoted, fixedValues, limit, onOverflow: report });
    };
    this.#duration = createHistogramFamily(
      EVENT_DURATION,
      createSets(EVENT_DURATION, eventLabels),
      durationBounds,
      exemplars,
    );
    this.#retries = createCounterFamily(EVENT_RETRIES, createSets(EVENT_RETRIES, eventLabels));
    this.#bytes = createCounterFamily(NETWORK_BYTES, createSets(NETWORK_BYTES, networkLabels, DIRECTIONS));
    this.#latency = createHistogramFamily(
      NETWORK_LATENCY,
      createSets(NETWORK_LATENCY, networkLabels),
      latencyBounds,
      exemplars,
    );
    this.#eventLabels = eventLabels;
    this.#networkLabels = networkLabels;
    this.#clock = clock;
    this.#startTime = clock.now();
  }

  /**
   * Adds one finished event. Hot: allocates nothing unless a label set is new or a promoted attribute is not a string.
   * @throws RangeError for fields without an end, and whatever a getter among the attributes throws; nothing is added then
   */
  addEvent(fields: EventFields): void {
    // A getter among the attributes can publish again: fields are read before it runs, and it finds no reading to share.
    const { eventName, status, errorType, taskId, traceId } = fields;
    const elapsed = elapsedMs(fields.startTime, fields.endTime);
    const retries = countableAmount(fields.retryCount);
    const labels = this.#eventLabels;
    const reading = beginReading(this.#eventReading, fields);
    this.#eventReading = undefined;
    const { path } = reading;
    path[0] = status;
    for (let at = 0; at < labels.length; at += 1)
      path[at + 1] = readEventLabel(reading, labels[at] as string, errorType);
    path[labels.length + 1] = eventName;
    endReading(reading, fields);

    const duration = this.#duration;
    const index = findLabelSet(duration.sets, path, 0);
    const slot = observe(duration, index, elapsed);
    if (duration.exemplars !== null)
      keepExemplar(duration.exemplars, slot, traceId, taskId, elapsed / 1000, this.#clock.now());
    if (retries > 0) add(this.#retries, findRelatedSet(duration.sets, index, this.#retries.sets, path, 1), retries);
    this.#eventReading = reading;
  }

  /**
   * Adds one finished network operation. Hot: allocates nothing unless a label set is new or a promoted attribute is not a string.
   * @throws RangeError for fields without an end, and whatever a getter among the attributes throws; nothing is added then
   */
  addNetwork(fields: NetworkFields): void {
    const { operation, errorType, taskId, eventName, traceId } = fields;
    const elapsed = elapsedMs(fields.startTime, fields.endTime);
    const sent = countableAmount(fields.bytesSent);
    const received = countableAmount(fields.bytesReceived);
    const labels = this.#networkLabels;
    const reading = beginReading(this.#networkReading, fields);
    this.#networkReading = undefined;
    const { path } = reading;
    for (let at = 0; at < labels.length; at += 1)
      path[at] = readNetworkLabel(reading, labels[at] as string, errorType, eventName);
    path[labels.length] = operation;
    endReading(reading, fields);

    const bytes = this.#bytes;
    const index = findLabelSet(bytes.sets, path, 0);
    add(bytes, index, sent);
    add(bytes, index + 1, received);
    const latency = this.#latency;
    const slot = observe(latency, findRelatedSet(bytes.sets, index, latency.sets, path, 0), elapsed);
    if (latency.exemplars !== null)
      keepExemplar(latency.exemplars, slot, traceId, taskId, elapsed / 1000, this.#clock.now());
    this.#networkReading = reading;
  }

  /** Memory that all series take, in bytes: their numbers, labels and exemplars. An estimate, near what V8 uses. */
  get bytes(): number {
    let bytes = 0;
    for (const { totals, sets } of [this.#retries, this.#bytes]) bytes += totals.byteLength + sets.bytes;
    for (const { buckets, sums, sets, exemplars } of [this.#duration, this.#latency])
      bytes +=
        buckets.byteLength + sums.byteLength + sets.bytes + (exemplars === null ? 0 : bytesOfExemplars(exemplars));
    return bytes;
  }

  /** Returns all series at this moment; copies the numbers, which takes about 0.1 ms per 1,000 histograms. */
  snapshot(): Snapshot {
    const families = [this.#duration, this.#retries, this.#bytes, this.#latency] as const;
    const overflow = countOverflowed(families);
    return this.#excluded.leaveOut({
      time: this.#clock.now(),
      startTime: this.#startTime,
      families: [
        ...families.map((family) => ("bounds" in family ? copyHistogram(family) : copyCounter(family))),
        ...(overflow === undefined ? [] : [overflow]),
      ],
    });
  }

  /** Leaves the label sets of a snapshot out of all later ones; records are still added to them. */
  exclude(snapshot: Snapshot): ExcludedLabelSet {
    return this.#excluded.add(snapshot);
  }

  /**
   * Returns two snapshots of the same moment that together hold each label set once, as views of the same numbers;
   * undefined if there are fewer than two label sets.
   */
  split(snapshot: Snapshot): readonly [Snapshot, Snapshot] | undefined {
    return splitSnapshot(snapshot);
  }
}

function elapsedMs(startTime: number, endTime: number | null): number {
  const elapsed = endTime === null ? Number.NaN : endTime - startTime;
  if (elapsed >= 0 && elapsed < Infinity) return elapsed;
  throw new RangeError("series-store: only records with an end that is not before their start can be added");
}

/** Returns 0 for an amount that would make a counter go down or useless, and 2^53 - 1 for a larger one than that. */
function countableAmount(amount: number): number {
  return amount > 0 && amount < Infinity ? Math.min(amount, Number.MAX_SAFE_INTEGER) : 0;
}

function callOnOverflow(onOverflow: (family: string) => void, family: string): void {
  try {
    onOverflow(family);
  } catch {
    // A listener that throws must not cost the record that is being added.
  }
}
