// Rules of the options that every publisher takes.
import type { Clock, CommonOptions, Resource } from "../publisher/contract.ts";
import { option, type OptionRule } from "./option-rules.ts";

const attribute = option.instance(
  (value) => ["string", "boolean"].includes(typeof value) || Number.isFinite(value),
  "a string, a finite number or a boolean",
);

const resourceRules: { readonly [Name in keyof Resource]-?: OptionRule } = {
  serviceName: option.required(option.string()),
  serviceVersion: option.string(),
  serviceInstanceId: option.string(),
  environment: option.string(),
  attributes: option.record(attribute),
};

const isClock = (value: unknown): boolean =>
  (["now", "monotonic", "setTimeout"] satisfies (keyof Clock)[]).every(
    (name) => typeof (value as Clock)[name] === "function",
  );

/** Rules of `CommonOptions`. */
export const commonOptionRules: { readonly [Name in keyof CommonOptions]-?: OptionRule } = {
  name: option.string({
    maxLength: 64,
    pattern: /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
    expected: "a kebab-case name of at most 64 characters, such as job-metrics",
  }),
  resource: option.group(resourceRules),
  onError: option.function(),
  onDiagnostic: option.function(),
  clock: option.instance(isClock, "a clock with now, monotonic and setTimeout"),
};
