import type { ReportOptionError } from "@eventmeter/core/publisher";

const NAME = /^[\w!#$%&'*+.^`|~-]{1,128}$/;
// A line end would begin a header of its own.
const VALUE = /^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/;
const MAX_VALUE_LENGTH = 8_192;

/** Headers that the publisher, or the connection, sets itself. */
const OWN = new Set([
  "accept-encoding",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "host",
  "keep-alive",
  "retry-attempt",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
]);

/** Judges the headers of a receiver; neither a value nor a name that is none is shown. */
export function checkHeaders(value: unknown, report: ReportOptionError): void {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return report("expected an object of header names and values");
  for (const [name, text] of Object.entries(value)) {
    if (!NAME.test(name)) report("expected the name of a header", "[…]");
    else if (OWN.has(name.toLowerCase())) report("is set by the publisher itself", `.${name}`);
    else if (typeof text !== "string" || text.length > MAX_VALUE_LENGTH || !VALUE.test(text))
      report("expected a header's text in one line, without space around it", `.${name}`);
  }
}
