// Default metrics of the process and its Node.js, by prom-client.
import { constants, monitorEventLoopDelay, PerformanceObserver } from "node:perf_hooks";
import type { Clock } from "@eventmeter/core";
import { runDetached } from "@eventmeter/core/publisher";
import type { Gauge, Histogram, Registry } from "prom-client";
import type { PageSource } from "./source-reader.ts";

type IntervalHistogram = ReturnType<typeof monitorEventLoopDelay>;

const LOOP_RESOLUTION_MS = 10;
const GC_BOUNDS = [0.001, 0.01, 0.1, 1, 2, 5];
const GC_KINDS: ReadonlyMap<number, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, "major"],
  [constants.NODE_PERFORMANCE_GC_MINOR, "minor"],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, "incremental"],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, "weakcb"],
]);

/** Metrics of this process, in a registry of their own. Nothing is loaded until `load` or `read` is called. */
export class ProcessMetrics implements PageSource {
  readonly name = "process";
  readonly #clock: Clock;
  #registry: Promise<Registry> | undefined;
  readonly #stops: (() => void)[] = [];
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isOpenMetrics(): boolean {
    return false;
  }

  /** Loads prom-client and begins to observe, in the background. */
  load(): void {
    // The next read reports a failure.
    this.#load().catch(() => {});
  }

  async read(): Promise<readonly unknown[]> {
    const registry = await this.#load();
    return registry.getMetricsAsJSON();
  }

  /** Ends every observer and drops the registry. */
  close(): void {
    this.#closed = true;
    for (const stop of this.#stops.splice(0)) stop();
    this.#registry = undefined;
  }

  #load(): Promise<Registry> {
    return (this.#registry ??= runDetached(() => this.#createRegistry()));
  }

  async #createRegistry(): Promise<Registry> {
    const [client, modules] = await Promise.all([import("prom-client"), loadModules()]);
    const registry = new client.Registry();
    if (this.#closed) return registry;
    for (const { default: add } of modules) add(registry);
    this.#stops.push(
      observeEventLoop(client.Gauge, registry, this.#clock),
      observeGarbageCollection(client.Histogram, registry),
    );
    return registry;
  }
}

/**
 * Loads the default metrics of prom-client except two, each a module of its own. `collectDefaultMetrics` starts observers
 * of garbage collection and of the event loop that cannot be stopped; those two metrics are created here, under the same names.
 */
function loadModules(): Promise<readonly { readonly default: (registry: Registry) => void }[]> {
  // One by one, because bundlers follow a name only if it is written in the call.
  return Promise.all([
    import("prom-client/lib/metrics/processCpuTotal.js"),
    import("prom-client/lib/metrics/processStartTime.js"),
    import("prom-client/lib/metrics/osMemoryHeap.js"),
    import("prom-client/lib/metrics/processOpenFileDescriptors.js"),
    import("prom-client/lib/metrics/processMaxFileDescriptors.js"),
    import("prom-client/lib/metrics/processResources.js"),
    import("prom-client/lib/metrics/processHandles.js"),
    import("prom-client/lib/metrics/processRequests.js"),
    import("prom-client/lib/metrics/heapSizeAndUsed.js"),
    import("prom-client/lib/metrics/heapSpacesSizeAndUsed.js"),
    import("prom-client/lib/metrics/version.js"),
  ]);
}

/** Adds the lag of the event loop to a registry; returns what ends the observation. */
function observeEventLoop(GaugeOf: typeof Gauge, registry: Registry, clock: Clock): () => void {
  const delays = new LoopDelays(clock);
  const readings: readonly (readonly [suffix: string, help: string, read: (delay: IntervalHistogram) => number])[] = [
    ["min", "The minimum recorded event loop delay.", ({ min }) => min],
    ["max", "The maximum recorded event loop delay.", ({ max }) => max],
    ["mean", "The mean of the recorded event loop delays.", ({ mean }) => mean],
    ["stddev", "The standard deviation of the recorded event loop delays.", ({ stddev }) => stddev],
    ["p50", "The 50th percentile of the recorded event loop delays.", (delay) => delay.percentile(50)],
    ["p90", "The 90th percentile of the recorded event loop delays.", (delay) => delay.percentile(90)],
    ["p99", "The 99th percentile of the recorded event loop delays.", (delay) => delay.percentile(99)],
  ];
  const gauges: { readonly gauge: Gauge; readonly read: (delay: IntervalHistogram) => number }[] = [];
  const lag = new GaugeOf({
    name: "nodejs_eventloop_lag_seconds",
    help: "Lag of event loop in seconds.",
    registers: [registry],
    // Registered before the others and so collected before them: it sets their values too.
    async collect() {
      const began = performance.now();
      const delay = delays.read();
      for (const { gauge, read } of gauges) gauge.set(read(delay) / 1e9);
      await new Promise((resolve) => setImmediate(resolve));
      lag.set((performance.now() - began) / 1000);
    },
  });
  for (const [suffix, help, read] of readings) {
    const name = `nodejs_eventloop_lag_${suffix}_seconds`;
    gauges.push({ gauge: new GaugeOf({ name, help, registers: [registry] }), read });
  }
  return () => delays.close();
}

/** How much of the past the figures of the event loop cover at least, in milliseconds: the longest usual scrape interval. */
const LOOP_WINDOW_MS = 60_000;

/**
 * Delays of the event loop in a window of time. prom-client begins again with each scrape, so that one scraper takes the
 * figures of another. Here two histograms begin in turn, and the older one is read: it covers the last minute at least.
 */
class LoopDelays {
  readonly #clock: Clock;
  #older = startDelays();
  #newer = startDelays();
  /** When the newer one began, on the monotonic clock. */
  #newerBegan: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#newerBegan = clock.monotonic();
  }

  read(): IntervalHistogram {
    const now = this.#clock.monotonic();
    if (now - this.#newerBegan >= LOOP_WINDOW_MS) {
      [this.#older, this.#newer] = [this.#newer, this.#older];
      this.#newer.reset();
      this.#newerBegan = now;
    }
    return this.#older;
  }

  close(): void {
    this.#older.disable();
    this.#newer.disable();
  }
}

function startDelays(): IntervalHistogram {
  const delays = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  delays.enable();
  return delays;
}

/** Adds the durations of garbage collections to a registry; returns what ends the observation. */
function observeGarbageCollection(HistogramOf: typeof Histogram, registry: Registry): () => void {
  const duration = new HistogramOf({
    name: "nodejs_gc_duration_seconds",
    help: "Garbage collection duration by kind, one of major, minor, incremental or weakcb.",
    labelNames: ["kind"],
    buckets: GC_BOUNDS,
    registers: [registry],
  });
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind = -1 } = (entry as { readonly detail?: { readonly kind?: number } }).detail ?? {};
      duration.observe({ kind: GC_KINDS.get(kind) ?? "other" }, entry.duration / 1000);
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  return () => observer.disconnect();
}
