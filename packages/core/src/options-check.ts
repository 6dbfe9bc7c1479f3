import type { Clock, Resource } from "./contract.ts";
import { nearestName } from "./nearest-name.ts";
import { PublisherError } from "./publisher-error.ts";

/** Notes that a value is not what was expected; `path` names a part of it, as `.clock` or `[2]`. */
export type OptionFault = (expected: string, path?: string) => void;

/** Judges one given option; undefined never reaches a rule. Values are never shown, since any of them may be a secret. */
export type OptionRule = (value: unknown, fault: OptionFault) => void;

/** Rules by option name. */
export type OptionRules = Readonly<Record<string, OptionRule>>;

const REQUIRED = new WeakSet<OptionRule>();

/**
 * Checks options as strictly from JavaScript as from TypeScript.
 * @param publisher name that the message begins with
 * @param together judges what single rules cannot, such as options that exclude each other; its `path` is a whole option name
 * @throws PublisherError `options`, once, listing every wrong field with what was expected
 */
export function checkOptions(
  publisher: string,
  options: unknown,
  rules: OptionRules,
  together?: (options: Readonly<Record<string, unknown>>, fault: OptionFault) => void,
): void {
  const faults: string[] = [];
  const note: OptionFault = (expected, path = "") => faults.push(path === "" ? expected : `${path}: ${expected}`);
  try {
    checkGroup(options === undefined ? {} : options, rules, note, "");
    if (together !== undefined && isRecord(options)) together(options, note);
  } catch {
    // A Proxy may refuse even to be looked at.
    note("could not be read", "");
  }
  if (faults.length === 0) return;
  const head = faults.length === 1 ? "an option is wrong" : `${faults.length} options are wrong`;
  throw new PublisherError(`${head}\n${faults.map((fault) => `  ${fault}`).join("\n")}`, {
    code: "options",
    publisher,
  });
}

function checkGroup(value: unknown, rules: OptionRules, fault: OptionFault, path: string): void {
  if (!isRecord(value)) return fault(`expected an object, got ${kindOf(value)}`, path);
  const prefix = path === "" ? "" : `${path}.`;
  for (const name of Object.keys(value)) {
    if (Object.hasOwn(rules, name)) continue;
    const near = nearestName(name, Object.keys(rules));
    // A name that is none may be a secret in the wrong place.
    const shown = near !== undefined || /^[a-z]\w{0,31}$/i.test(name) ? name : "…";
    fault(`unknown option${near === undefined ? "" : `, did you mean "${near}"?`}`, prefix + shown);
  }
  for (const [name, rule] of Object.entries(rules)) checkOne(value, name, rule, fault, prefix);
}

function checkOne(
  group: Record<string, unknown>,
  name: string,
  rule: OptionRule,
  fault: OptionFault,
  prefix: string,
): void {
  let value: unknown;
  try {
    value = group[name];
  } catch {
    return fault("could not be read", prefix + name);
  }
  if (value === undefined) {
    if (REQUIRED.has(rule)) fault("missing", prefix + name);
    return;
  }
  try {
    rule(value, (expected, path = "") => fault(expected, `${prefix}${name}${path}`));
  } catch {
    fault("could not be read", prefix + name);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  const kind = typeof value;
  return kind === "object" || kind === "undefined" ? `an ${kind}`.replace("an undefined", "undefined") : `a ${kind}`;
}

function accept(test: (value: unknown) => boolean, expected: string): OptionRule {
  return (value, fault) => {
    let good = false;
    try {
      good = test(value);
    } catch {
      // A value that cannot even be looked at is wrong.
    }
    if (!good) fault(`expected ${expected}, got ${kindOf(value)}`);
  };
}

/** What a string option may be. */
export interface StringLimits {
  /** In UTF-16 code units. @default 4096 */
  readonly maxLength?: number | undefined;
  readonly pattern?: RegExp | undefined;
  /** What the message says was expected. @default a non-empty string */
  readonly expected?: string | undefined;
}

/** The rules that options are made of. */
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
  /** An object of any names, of which each value passes `rule`. */
  record(rule: OptionRule): OptionRule;
  /** An object of known names. */
  group(rules: OptionRules): OptionRule;
  /** Anything that passes `test`. */
  instance(test: (value: unknown) => boolean, expected: string): OptionRule;
  /** The same rule for an option that must be given. */
  required(rule: OptionRule): OptionRule;
}

/** Makes the rules that options are checked by. */
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
  list: (rule) => (value, fault) => {
    if (!Array.isArray(value)) return fault(`expected an array, got ${kindOf(value)}`);
    // Not forEach, which does not see the holes of a list.
    for (const [index, element] of (value as unknown[]).entries()) {
      if (element === undefined) fault("missing", `[${index}]`);
      else rule(element, (expected, path = "") => fault(expected, `[${index}]${path}`));
    }
  },
  record: (rule) => (value, fault) => {
    if (!isRecord(value)) return fault(`expected an object, got ${kindOf(value)}`);
    for (const name of Object.keys(value))
      checkOne(value, name, rule, (expected, path) => fault(expected, `.${path}`), "");
  },
  group: (rules) => (value, fault) =>
    checkGroup(value, rules, (expected, path = "") => fault(expected, path === "" ? "" : `.${path}`), ""),
  instance: accept,
  required(rule) {
    const required: OptionRule = (value, fault) => rule(value, fault);
    REQUIRED.add(required);
    return required;
  },
};

const label: OptionRule = accept(
  (value) => ["string", "boolean"].includes(typeof value) || Number.isFinite(value),
  "a string, a finite number or a boolean",
);

const resourceRules: { readonly [Name in keyof Resource]-?: OptionRule } = {
  serviceName: option.required(option.string()),
  serviceVersion: option.string(),
  serviceInstanceId: option.string(),
  environment: option.string(),
  attributes: option.record(label),
};

const isClock = (value: unknown): boolean =>
  (["now", "monotonic", "setTimeout"] satisfies (keyof Clock)[]).every(
    (name) => typeof (value as Clock)[name] === "function",
  );

/** Rules of `CommonOptions`. */
export const commonOptionRules: {
  readonly name: OptionRule;
  readonly resource: OptionRule;
  readonly onError: OptionRule;
  readonly onDiagnostic: OptionRule;
  readonly clock: OptionRule;
} = {
  name: option.string({
    maxLength: 64,
    pattern: /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
    expected: "a kebab-case name of at most 64 characters",
  }),
  resource: option.group(resourceRules),
  onError: option.function(),
  onDiagnostic: option.function(),
  clock: option.instance(isClock, "a clock with now, monotonic and setTimeout"),
};
