// Rules for options: what each one may be, and how a wrong one is described.
import { kindOf } from "./kind-of.ts";
import { nearestName } from "./nearest-name.ts";

/** Reports that a value is not what was expected; `path` names a part of the value, such as `.clock` or `[2]`. */
export type ReportOptionError = (expected: string, path?: string) => void;

/** Validates one given option; undefined never reaches a rule. Values are never shown, since any of them may be a secret. */
export type OptionRule = (value: unknown, report: ReportOptionError) => void;

/** Rules by option name. */
export type OptionRules = Readonly<Record<string, OptionRule>>;

/**
 * What to use instead of options that users know from other libraries, by their names there, such as
 * `{ node: "hosts", apiKey: "auth.apiKey" }`. The message about the unknown option ends in "use" and the text.
 */
export type ForeignNames = Readonly<Record<string, string>>;

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
  /** A whole number from `min` to `max`; the message has no limit that is `Number.MAX_SAFE_INTEGER` or more. */
  integer(min: number, max: number): OptionRule;
  /** A finite number from `min` to `max`; the message has no limit that is `Number.MAX_SAFE_INTEGER` or more. */
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
  group(rules: OptionRules, foreignNames?: ForeignNames): OptionRule;
  /**
   * Anything that passes `test`.
   * @param types results of `typeof` for which the message does not name the type, because the type is right. @default none
   */
  instance(test: (value: unknown) => boolean, expected: string, types?: readonly string[]): OptionRule;
  /** The same rule for an option that must be given. */
  required(rule: OptionRule): OptionRule;
}

const REQUIRED = new WeakSet<OptionRule>();
/** Names inside the rules that `option.group` created, to find an option that is in the wrong place. */
const GROUPS = new WeakMap<OptionRule, OptionRules>();

/** The rules that options are validated by. */
export const option: OptionRuleSet = {
  boolean: () => accept((value) => typeof value === "boolean", "true or false"),
  integer: (min, max) => numberRule(min, max, "an integer", Number.isInteger),
  number: (min, max) => numberRule(min, max, "a number", Number.isFinite),
  string: ({ maxLength = 4_096, pattern, expected = "a non-empty string" } = {}) =>
    accept(
      (value) =>
        typeof value === "string" &&
        value !== "" &&
        value.length <= maxLength &&
        (pattern === undefined || pattern.test(value)),
      expected,
      (value) => {
        if (typeof value !== "string" || value === "") return `, got ${kindOf(value)}`;
        return value.length > maxLength ? `; it is longer than ${maxLength} characters` : "";
      },
    ),
  function: () => accept((value) => typeof value === "function", "a function"),
  oneOf: (values) =>
    accept(
      (value) => values.includes(value as string),
      `one of ${values.join(", ")}`,
      unlessOf(values.map((value) => typeof value)),
    ),
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
      checkOne(value, name, rule, (expected, path) => report(expected, `.${path}`));
  },
  group(rules, foreignNames) {
    const names = Object.keys(rules).join(", ");
    const group: OptionRule = (value, report) => {
      if (!isPlainObject(value)) return report(`expected an object { ${names} }, got ${kindOf(value)}`);
      checkGroup(value, rules, (expected, path = "") => report(expected, `.${path}`), foreignNames);
    };
    GROUPS.set(group, rules);
    return group;
  },
  instance: (test, expected, types = []) => accept(test, expected, unlessOf(types)),
  required(rule) {
    const required: OptionRule = (value, report) => rule(value, report);
    REQUIRED.add(required);
    const group = GROUPS.get(rule);
    if (group !== undefined) GROUPS.set(required, group);
    return required;
  },
};

/** Creates a rule. @param describe what the message ends in, for a value that fails `test` */
function accept(
  test: (value: unknown) => boolean,
  expected: string,
  describe: (value: unknown) => string = unlessOf([]),
): OptionRule {
  return (value, report) => {
    let isGood = false;
    try {
      isGood = test(value);
    } catch {
      // A value that cannot be inspected is wrong.
    }
    if (!isGood) report(`expected ${expected}${describe(value)}`);
  };
}

/** Names the kind of a value whose type is not one of `types`: of the others it is not the type that is wrong. */
function unlessOf(types: readonly string[]): (value: unknown) => string {
  return (value) => (types.includes(typeof value) ? "" : `, got ${kindOf(value)}`);
}

function numberRule(min: number, max: number, noun: string, isOne: (value: unknown) => boolean): OptionRule {
  return accept(
    (value) => isOne(value) && (value as number) >= min && (value as number) <= max,
    `${noun}${rangeText(min, max)}`,
    (value) => {
      if (typeof value !== "number" || !Number.isFinite(value)) return `, got ${kindOf(value)}`;
      if (value < min) return ", got a smaller number";
      return value > max ? ", got a larger number" : ", got a fraction";
    },
  );
}

function rangeText(min: number, max: number): string {
  const [hasMin, hasMax] = [min > -Number.MAX_SAFE_INTEGER, max < Number.MAX_SAFE_INTEGER];
  if (hasMin && hasMax) return ` from ${min} to ${max}`;
  if (hasMin) return ` of at least ${min}`;
  return hasMax ? ` of at most ${max}` : "";
}

/** Validates an object with known names. */
export function checkGroup(
  group: Record<string, unknown>,
  rules: OptionRules,
  report: ReportOptionError,
  foreignNames: ForeignNames = {},
): void {
  for (const name of Object.keys(group)) {
    if (Object.hasOwn(rules, name)) continue;
    const hint = hintFor(name, rules, foreignNames);
    // A name that looks like none of an option may be a secret in the wrong place.
    const shown = hint !== "" || /^[a-z]\w{0,31}$/i.test(name) ? name : "…";
    report(`unknown option${hint}`, shown);
  }
  for (const [name, rule] of Object.entries(rules)) checkOne(group, name, rule, report);
}

/** Returns what the message about an unknown option says about the right one; empty if nothing is known. */
function hintFor(name: string, rules: OptionRules, foreignNames: ForeignNames): string {
  if (Object.hasOwn(foreignNames, name)) return `; use ${foreignNames[name]}`;
  for (const [outer, rule] of Object.entries(rules))
    if (Object.hasOwn(GROUPS.get(rule) ?? {}, name)) return `; use ${outer}.${name}`;
  const near = nearestName(name, Object.keys(rules));
  return near === undefined ? "" : `, did you mean "${near}"?`;
}

function checkOne(group: Record<string, unknown>, name: string, rule: OptionRule, report: ReportOptionError): void {
  let value: unknown;
  try {
    value = group[name];
  } catch {
    return report("could not be read", name);
  }
  if (value === undefined) {
    if (REQUIRED.has(rule)) report("missing", name);
    return;
  }
  try {
    rule(value, (expected, path = "") => report(expected, `${name}${path}`));
  } catch {
    report("could not be read", name);
  }
}

/** Returns whether a value is an object with names of its own, and not an array. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
