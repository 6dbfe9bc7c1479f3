import { resolveClock } from "./clock.ts";
import { readHealth } from "./read-health.ts";
import type { CheckReport, CommonOptions, FlushReport, MetricsPublisher, WaitOptions } from "./contract.ts";
import type { FormattedMetrics } from "./dictionary.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { checkOptions, commonOptionRules, option, type OptionRule } from "./options-check.ts";
import { isPublisher } from "./publisher-check.ts";
import type { EventMetrics, MetricsRecord, NetworkMetrics } from "./records.ts";
import { createReporter, isThenable, type Reporter } from "./reporter.ts";
import { waitWithin } from "./wait.ts";

/** Options of `filtered` and `mapped`. */
export interface WrapperOptions extends Pick<CommonOptions, "onError" | "clock"> {
  /** @default the name of the publisher inside */
  readonly name?: string | undefined;
  /** Whether closing the wrapper closes the publisher inside. @default true */
  readonly owned?: boolean | undefined;
}

/** What becomes of a record: the one to hand on, or undefined if it was settled in `ledger`. */
export interface WrapperRoute {
  readonly event: (
    record: Readonly<EventMetrics>,
    ledger: Ledger,
    reporter: Reporter,
  ) => Readonly<EventMetrics> | undefined;
  readonly network: (
    record: Readonly<NetworkMetrics>,
    ledger: Ledger,
    reporter: Reporter,
  ) => Readonly<NetworkMetrics> | undefined;
  readonly formatMetrics: (record: Readonly<EventMetrics> | Readonly<NetworkMetrics>) => FormattedMetrics;
}

const NO_CHECK: CheckReport = { ok: true, code: "ok", message: "the publisher inside has no check" };

const wrapperRules: { readonly [Name in keyof WrapperOptions]-?: OptionRule } = {
  name: commonOptionRules.name,
  owned: option.boolean(),
  onError: commonOptionRules.onError,
  clock: commonOptionRules.clock,
};

/** What the publisher inside may take beyond the time that both were given, in milliseconds. */
const INNER_GRACE_MS = 50;

/** Puts a route in front of a publisher. The wrapper counts what it hands on as delivered; the publisher inside keeps its own numbers. */
export function createWrapper(
  kind: string,
  inner: MetricsPublisher,
  route: WrapperRoute,
  options: WrapperOptions | undefined,
): MetricsPublisher {
  checkOptions(kind, { publisher: inner }, { publisher: option.required(option.instance(isPublisher, "a publisher")) });
  checkOptions(kind, options, wrapperRules);
  const { name = inner.name, owned = true } = options ?? {};
  const clock = resolveClock(options?.clock);
  const ledger = createLedger();
  const reporter = createReporter(name, options);
  let closing: Promise<FlushReport> | undefined;
  let ended = false;

  function publish<Rec extends MetricsRecord>(
    record: Readonly<Rec>,
    choose: (record: Readonly<Rec>, ledger: Ledger, reporter: Reporter) => Readonly<Rec> | undefined,
    offer: (record: Readonly<Rec>) => unknown,
  ): unknown {
    ledger.received += 1;
    if (closing !== undefined) {
      ledger.drop("closed");
      return reporter.drop("record-dropped", "record dropped: the publisher is closed");
    }
    if (typeof record !== "object" || record === null) {
      ledger.drop("invalid");
      return reporter.drop("invalid-record", "record dropped: it is no object");
    }
    const chosen = choose(record, ledger, reporter);
    if (chosen === undefined) return undefined;
    try {
      const returned = offer(chosen);
      if (isThenable(returned)) returned.then(undefined, innerFailed);
      ledger.delivered += 1;
      ledger.lastSuccess = clock.now();
      // Handed back, so that a composite can bound how many of them are unsettled.
      return returned;
    } catch (cause) {
      ledger.drop("failed");
      return reporter.drop("publisher-failed", "record dropped: the publisher inside threw", { cause });
    }
  }

  function innerFailed(cause: unknown): void {
    reporter.error("publisher-failed", "the publisher inside failed", { cause });
  }

  const offerEvent = (record: Readonly<EventMetrics>): unknown => inner.publishEventMetrics(record);
  const offerNetwork = (record: Readonly<NetworkMetrics>): unknown => inner.publishNetworkMetrics(record);

  async function settle(method: "flush" | "close", wait?: WaitOptions): Promise<FlushReport> {
    let status: FlushReport["status"] = "aborted";
    const work = Promise.resolve()
      .then(() => inner[method](wait))
      .then((report) => void (status = report.status), innerFailed);
    const waited = await waitWithin(work, wait, clock, INNER_GRACE_MS);
    return { ...ledger.counts(), status: waited === "complete" ? status : waited, durable: 0 };
  }

  async function end(wait?: WaitOptions): Promise<FlushReport> {
    const report = await settle(owned ? "close" : "flush", wait);
    ended = true;
    reporter.settle();
    return report;
  }

  const wrapper: MetricsPublisher = {
    name,
    contract: 1,
    publishEventMetrics: (record) => publish(record, route.event, offerEvent),
    publishNetworkMetrics: (record) => publish(record, route.network, offerNetwork),
    formatMetrics: route.formatMetrics,
    flush: (wait) => closing ?? settle("flush", wait),
    close: (wait) => (closing ??= end(wait)),
    health() {
      const child = readHealth(inner);
      return ledger.health(name, {
        state: ended ? "closed" : (child?.state ?? "failing"),
        lastError: reporter.lastError,
        children: child === undefined ? [] : [child],
      });
    },
    async [Symbol.asyncDispose]() {
      await wrapper.close();
    },
  };
  // Optional members exist on the wrapper exactly if they exist inside.
  if (inner.start !== undefined) wrapper.start = async (wait) => inner.start?.(wait);
  if (inner.check !== undefined) wrapper.check = async (wait) => inner.check?.(wait) ?? NO_CHECK;
  return wrapper;
}
