// Arguments of a composite: its children and options, and how they are validated.
import type { EventMetrics, MetricsPublisher, NetworkMetrics } from "@eventmeter/core";
import {
  checkOptions,
  commonOptionRules,
  describePublisher,
  type ForeignNames,
  kindOf,
  PUBLISHER_METHODS,
  option,
  type OptionRule,
  type ReportOptionError,
} from "@eventmeter/core/publisher";

/** A publisher inside a composite, and which records it gets. */
export interface CompositeChild {
  readonly publisher: MetricsPublisher;
  /** Which events it gets; a predicate that throws lets the event pass. @default true */
  readonly events?: boolean | ((metrics: Readonly<EventMetrics>) => boolean) | undefined;
  /** Which network operations it gets; a predicate that throws lets the operation pass. @default true */
  readonly network?: boolean | ((metrics: Readonly<NetworkMetrics>) => boolean) | undefined;
  /** Whether closing the composite closes it; if not, it is only flushed. @default true */
  readonly owned?: boolean | undefined;
}

/** Returns why a publisher cannot join its composite, although it is valid; undefined if it can. */
export type FindConflict = (publisher: MetricsPublisher) => string | undefined;

/**
 * Validates the arguments of the constructor.
 * @throws PublisherError `options`, once, naming every wrong entry by its index
 */
export function checkComposite(publishers: unknown, options: unknown): void {
  checkOptions(
    "composite",
    { publishers, options },
    { publishers: option.required(checkPublishers), options: option.group(commonOptionRules) },
  );
}

/**
 * Validates a child that joins the composite `name`.
 * @throws PublisherError `options`
 */
export function checkJoining(name: string, child: unknown, findConflict: FindConflict): void {
  const rule: OptionRule = (value, report) => validateChild(value, report, findConflict);
  checkOptions(name, { child }, { child: option.required(rule) });
}

/** Returns a child in its long form. */
export function entryOf(child: MetricsPublisher | CompositeChild): CompositeChild {
  return isEntry(child) ? child : { publisher: child };
}

function checkPublishers(value: unknown, report: ReportOptionError): void {
  if (!Array.isArray(value)) return report(`expected an array of publishers, got ${kindOf(value)}`);
  const indexOf = new Map<string, number>();
  for (const [index, child] of (value as unknown[]).entries()) {
    const findConflict: FindConflict = ({ name }) => {
      const taken = indexOf.get(name);
      if (taken === undefined) indexOf.set(name, index);
      return taken === undefined ? undefined : `the name "${name}" is taken by publishers[${taken}]`;
    };
    try {
      validateChild(child, (expected, path = "") => report(expected, `[${index}]${path}`), findConflict);
    } catch {
      report("could not be read", `[${index}]`);
    }
  }
}

const recordFilter = option.instance(
  (value) => typeof value === "boolean" || typeof value === "function",
  "true, false or a function",
);

const ENTRY_FOREIGN_NAMES: ForeignNames = {
  filter: "events and network, each with a predicate",
  predicate: "events and network, each with a predicate",
};

function validateChild(value: unknown, report: ReportOptionError, findConflict: FindConflict): void {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return report(`expected a publisher or { publisher, events?, network?, owned? }, got ${kindOf(value)}`);
  if (!isEntry(value)) return checkPublisher(value, report, findConflict);
  const rules: { readonly [Name in keyof CompositeChild]-?: OptionRule } = {
    publisher: option.required((publisher, reportPublisher) =>
      checkPublisher(publisher, reportPublisher, findConflict),
    ),
    events: recordFilter,
    network: recordFilter,
    owned: option.boolean(),
  };
  option.group(rules, ENTRY_FOREIGN_NAMES)(value, report);
}

function checkPublisher(value: unknown, report: ReportOptionError, findConflict: FindConflict): void {
  const problem = describePublisher(value) ?? findConflict(value as MetricsPublisher);
  if (problem !== undefined) report(problem);
}

// An object with none of a publisher's members is an entry, so that the message about a misspelt entry names its members.
function isEntry(value: object): value is CompositeChild {
  return !["contract", ...PUBLISHER_METHODS].some((member) => member in value);
}
