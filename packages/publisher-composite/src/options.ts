import type { EventMetrics, MetricsPublisher, NetworkMetrics } from "@eventmeter/core";
import {
  checkOptions,
  commonOptionRules,
  option,
  type ReportOptionError,
  type OptionRule,
} from "@eventmeter/core/publisher";

/** A publisher inside a composite, and what it is to get. */
export interface CompositeChild {
  readonly publisher: MetricsPublisher;
  /** Which events it gets; a predicate that throws lets the event pass. @default true */
  readonly events?: boolean | ((metrics: Readonly<EventMetrics>) => boolean) | undefined;
  /** Which network operations it gets; a predicate that throws lets the operation pass. @default true */
  readonly network?: boolean | ((metrics: Readonly<NetworkMetrics>) => boolean) | undefined;
  /** Whether closing the composite closes it; if not, it is only flushed. @default true */
  readonly owned?: boolean | undefined;
}

/** Says why a publisher cannot join, beyond what is wrong with itself; undefined if it can. */
export type Objection = (publisher: MetricsPublisher) => string | undefined;

/**
 * Checks what a composite is constructed with.
 * @throws PublisherError `options`, once, naming every wrong entry by its index
 */
export function checkComposite(publishers: unknown, options: unknown): void {
  checkOptions(
    "composite",
    { publishers, options },
    { publishers: option.required(guarded(checkPublishers)), options: option.group(commonOptionRules) },
  );
}

/**
 * Checks one child that joins the composite `name`.
 * @throws PublisherError `options`
 */
export function checkJoining(name: string, child: unknown, objection: Objection): void {
  const rule = guarded((value, report) => checkChild(value, report, objection));
  checkOptions(name, { child }, { child: option.required(rule) });
}

/** Gives a child in its long form. */
export function childOf(child: MetricsPublisher | CompositeChild): CompositeChild {
  return isEntry(child) ? child : { publisher: child };
}

function checkPublishers(value: unknown, report: ReportOptionError): void {
  if (!Array.isArray(value)) return report("expected an array of publishers");
  const placeOf = new Map<string, string>();
  for (const [index, child] of value.entries()) {
    const place = `[${index}]`;
    const rule = guarded((entry, note) =>
      checkChild(entry, note, ({ name }) => {
        const taken = placeOf.get(name);
        if (taken === undefined) placeOf.set(name, place);
        return taken === undefined ? undefined : `the name "${name}" is taken by publishers${taken}`;
      }),
    );
    rule(child, (expected, path = "") => report(expected, place + path));
  }
}

const wanted = option.instance(
  (value) => typeof value === "boolean" || typeof value === "function",
  "true, false or a function",
);

function checkChild(value: unknown, report: ReportOptionError, objection: Objection): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return report("expected a publisher or { publisher, events?, network?, owned? }");
  }
  if (!isEntry(value)) return checkPublisher(value, report, objection);
  const rules: { readonly [Name in keyof CompositeChild]-?: OptionRule } = {
    publisher: option.required((publisher, note) => checkPublisher(publisher, note, objection)),
    events: wanted,
    network: wanted,
    owned: option.boolean(),
  };
  option.group(rules)(value, report);
}

const METHODS = ["publishEventMetrics", "publishNetworkMetrics", "formatMetrics", "flush", "close", "health"] as const;

// What has none of a publisher's members is an entry, so that a misspelt entry is told its right names.
function isEntry(value: object): value is CompositeChild {
  return !["contract", ...METHODS].some((member) => member in value);
}

function checkPublisher(value: unknown, report: ReportOptionError, objection: Objection): void {
  if (typeof value !== "object" || value === null) return report("expected a publisher");
  const publisher = value as MetricsPublisher;
  const { contract, name }: { readonly contract: unknown; readonly name: unknown } = publisher;
  if (contract !== 1) {
    const found = typeof contract === "number" ? `version ${contract} of the contract` : "no known contract";
    return report(`it was written against ${found}, and this composite works with version 1`);
  }
  const missing = METHODS.filter((method) => typeof publisher[method] !== "function");
  if (missing.length > 0) return report(`it is no publisher: ${missing.join(", ")} missing`);
  if (typeof name !== "string" || name === "") return report("it has no name");
  const reason = objection(publisher);
  if (reason !== undefined) report(reason);
}

function guarded(rule: OptionRule): OptionRule {
  return (value, report) => {
    try {
      rule(value, report);
    } catch {
      report("could not be read");
    }
  };
}
