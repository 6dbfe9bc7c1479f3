// Rules for options: what each one may be, and how a wrong one is described.
import { nearestName } from "./nearest-name.ts";

/** Reports that a value is not what was expected; `path` names a part of the value, such as `.clock` or `[2]`. */
export type ReportOptionError = (expected: string, path?: string) => void;

/** Validates one given option; undefined never reaches a rule. Values are never shown, since any of them may be a secret. */
export type OptionRule = (value: unknown, report: ReportOptionError) => void;

/** Rules by option name. */
export type OptionRules = Readonly<Record<string, OptionRule>>;

/** Limits of a string option. */
export interface StringLimits {
  /** In UTF-16 code units. @default 4096 */
  readonly maxLength?: number | undefined;
  readonly pattern?: RegExp | undefined;
  /** What the message says was expected. @default a non-empty string */
  readonly expected?: string | undefined;
}

/** Creates the rules that options are validated by. */
export interface OptionRuleSet {
  boolean(): OptionRule;
  /** A whole number from `min` to `max`. */
  integer(min: number, max: number): OptionRule;
  /** A finite number from `min` to `max`. */
  number(min: number, max: number): OptionRule;
  /** A non-empty string. */
  string(limits?: StringLimits): OptionRule;
  function(): OptionRule;
  oneOf(values: readonly (string | number | boolean)[]): OptionRule;
  /** An array of which each element passes `rule`. */
  list(rule: OptionRule): OptionRule;
  /** An object with any names, of which each value passes `rule`. */
  record(rule: OptionRule): OptionRule;
  /** An object with known names. */
  group(rules: OptionRules): OptionRule;
  /** Anything that passes `test`. */
  instance(test: (value: unknown) => boolean, expected: string): OptionRule;
  /** The same rule for an option that must be given. */
  required(rule: OptionRule): OptionRule;
}

const REQUIRED = new WeakSet<OptionRule>();

/** The rules that options are validated by. */
export const option: OptionRuleSet = {
  boolean: () => accept((value) => typeof value === "boolean", "true or false"),
  integer: (min, max) =>
    accept(
      (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
      `an integer from ${min} to ${max}`,
    ),
  number: (min, max) =>
    accept(
      (value) => Number.isFinite(value) && (value as number) >= min && (value as number) <= max,
      `a number from ${min} to ${max}`,
    ),
  string: ({ maxLength = 4_096, pattern, expected = "a non-empty string" } = {}) =>
    accept(
      (value) =>
        typeof value === "string" &&
        value !== "" &&
        value.length <= maxLength &&
        (pattern === undefined || pattern.test(value)),
      expected,
    ),
  function: () => accept((value) => typeof value === "function", "a function"),
  oneOf: (values) => accept((value) => values.includes(value as string), `one of ${values.join(", ")}`),
  list: (rule) => (value, report) => {
    if (!Array.isArray(value)) return report(`expected an array, got ${kindOf(value)}`);
    // Not forEach, which skips the holes of a list.
    for (const [index, element] of (value as unknown[]).entries()) {
      if (element === undefined) report("missing", `[${index}]`);
      else rule(element, (expected, path = "") => report(expected, `[${index}]${path}`));
    }
  },
  record: (rule) => (value, report) => {
    if (!isPlainObject(value)) return report(`expected an object, got ${kindOf(value)}`);
    for (const name of Object.keys(value))
      checkOne(value, name, rule, (expected, path) => report(expected, `.${path}`), "");
  },
  group: (rules) => (value, report) =>
    checkGroup(value, rules, (expected, path = "") => report(expected, path === "" ? "" : `.${path}`), ""),
  instance: accept,
  required(rule) {
    const required: OptionRule = (value, report) => rule(value, report);
    REQUIRED.add(required);
    return required;
  },
};

function accept(test: (value: unknown) => boolean, expected: string): OptionRule {
  return (value, report) => {
    let isGood = false;
    try {
      isGood = test(value);
    } catch {
      // A value that cannot be inspected is wrong.
    }
    if (!isGood) report(`expected ${expected}, got ${kindOf(value)}`);
  };
}

/** Validates an object with known names. @param path name of the object itself; `""` at the top */
export function checkGroup(value: unknown, rules: OptionRules, report: ReportOptionError, path: string): void {
  if (!isPlainObject(value)) return report(`expected an object, got ${kindOf(value)}`, path);
  const prefix = path === "" ? "" : `${path}.`;
  for (const name of Object.keys(value)) {
    if (Object.hasOwn(rules, name)) continue;
    const near = nearestName(name, Object.keys(rules));
    // A name that looks like none of an option may be a secret in the wrong place.
    const shown = near !== undefined || /^[a-z]\w{0,31}$/i.test(name) ? name : "…";
    report(`unknown option${near === undefined ? "" : `, did you mean "${near}"?`}`, prefix + shown);
  }
  for (const [name, rule] of Object.entries(rules)) checkOne(value, name, rule, report, prefix);
}

function checkOne(
  group: Record<string, unknown>,
  name: string,
  rule: OptionRule,
  report: ReportOptionError,
  prefix: string,
): void {
  let value: unknown;
  try {
    value = group[name];
  } catch {
    return report("could not be read", prefix + name);
  }
  if (value === undefined) {
    if (REQUIRED.has(rule)) report("missing", prefix + name);
    return;
  }
  try {
    rule(value, (expected, path = "") => report(expected, `${prefix}${name}${path}`));
  } catch {
    report("could not be read", prefix + name);
  }
}

/** Returns whether a value is an object with names of its own, and not an array. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
