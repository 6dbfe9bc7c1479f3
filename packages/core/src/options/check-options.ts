// Validation of a whole set of options: one error that lists every wrong field.
import { PublisherError } from "../publisher/publisher-error.ts";
import { kindOf } from "./kind-of.ts";
import {
  checkGroup,
  type ForeignNames,
  isPlainObject,
  type OptionRules,
  type ReportOptionError,
} from "./option-rules.ts";

/**
 * Validates options as strictly from JavaScript as from TypeScript.
 * @param publisher name that the message begins with
 * @param together validates what single rules cannot, such as options that exclude each other; its `path` is a whole option name
 * @param foreignNames what to use instead of options that users know from other libraries, by their names there
 * @throws PublisherError `options`, once, listing every wrong field with what was expected
 */
export function checkOptions(
  publisher: string,
  options: unknown,
  rules: OptionRules,
  together?: (options: Readonly<Record<string, unknown>>, report: ReportOptionError) => void,
  foreignNames?: ForeignNames,
): void {
  const problems: string[] = [];
  const report: ReportOptionError = (expected, path = "") =>
    problems.push(path === "" ? expected : `${path}: ${expected}`);
  try {
    const given = options === undefined ? {} : options;
    if (!isPlainObject(given)) report(`expected an object, got ${kindOf(given)}`);
    else {
      checkGroup(given, rules, report, foreignNames);
      together?.(given, report);
    }
  } catch {
    // A Proxy can throw wherever it is inspected.
    report("could not be read");
  }
  if (problems.length === 0) return;
  const head = problems.length === 1 ? "an option is wrong" : `${problems.length} options are wrong`;
  throw new PublisherError(`${head}\n${problems.map((problem) => `  ${problem}`).join("\n")}`, {
    code: "options",
    publisher,
  });
}
