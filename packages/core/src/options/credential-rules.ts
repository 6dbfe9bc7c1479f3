// Rules for what travels in HTTP headers: credentials and the headers that a user adds.
import { kindOf } from "./kind-of.ts";
import { isPlainObject, option, type OptionRule, type StringLimits } from "./option-rules.ts";

/** Rule of a user name for HTTP basic authentication, where a colon would end the name. */
export const usernameRule: OptionRule = option.string({
  pattern: /^[^:\p{Cc}]+$/u,
  expected: "a user name without a colon",
});

/** Rule of a password for HTTP basic authentication. */
export const passwordRule: OptionRule = option.string({
  pattern: /^\P{Cc}+$/u,
  expected: "a password without control characters",
});

/** Creates the rule of a token or key that a header carries as it is. */
export function tokenRule({
  maxLength = 4_096,
  expected = "a token of visible ASCII characters",
}: Pick<StringLimits, "maxLength" | "expected"> = {}): OptionRule {
  return option.string({ maxLength, pattern: /^[\x21-\x7e]+$/, expected });
}

// RFC 9110, section 5.6.2; no real name is as long.
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]{1,128}$/;
// A line end would begin a header of its own.
const HEADER_TEXT = /^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/;
const MAX_HEADER_LENGTH = 8_192;

/**
 * Creates the rule of an object with header names and texts. Neither a text nor an invalid name is shown.
 * @param reserved lower-case names of the headers that the publisher sets itself
 * @param allowLists whether a header may have a list of texts, or none
 */
export function headersRule({
  reserved = new Set(),
  allowLists = false,
}: { readonly reserved?: ReadonlySet<string>; readonly allowLists?: boolean } = {}): OptionRule {
  return (value, report) => {
    if (!isPlainObject(value)) return report(`expected an object with header names and texts, got ${kindOf(value)}`);
    for (const [name, text] of Object.entries(value)) {
      if (!HEADER_NAME.test(name)) report("expected the name of a header", "[…]");
      else if (reserved.has(name.toLowerCase())) report("is set by the publisher itself", `.${name}`);
      else if (!(allowLists ? textsOf(text) : [text]).every(isHeaderText))
        report("expected a header's text in one line, without space around it", `.${name}`);
    }
  };
}

function textsOf(given: unknown): readonly unknown[] {
  if (Array.isArray(given)) return given;
  return given === undefined || given === null ? [] : [given];
}

function isHeaderText(text: unknown): boolean {
  return typeof text === "string" && text.length <= MAX_HEADER_LENGTH && HEADER_TEXT.test(text);
}
