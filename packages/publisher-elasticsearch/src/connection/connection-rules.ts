import { option, type ReportOptionError, type OptionRule } from "@eventmeter/core/publisher";

/** Judges one address. */
export const hostRule: OptionRule = option.instance(
  isHost,
  "an address as https://es.example:9200, without user, password and query; credentials go into auth",
);

function isHost(value: unknown): boolean {
  // What reads addresses leaves line ends and tabs out without a word.
  if (typeof value !== "string" || value.length > 2_048 || /[\s\p{Cc}]/u.test(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return ["http:", "https:"].includes(protocol) && `${username}${password}${search}${hash}` === "";
}

// A header can carry nothing else.
const visible = { maxLength: 65_536, pattern: /^[\x21-\x7e]+$/ };
const authGroup = option.group({
  apiKey: option.string({ ...visible, expected: "an API key as Elasticsearch shows it, in base64" }),
  bearer: option.string({ ...visible, expected: "a token of visible ASCII characters" }),
  username: option.string({ pattern: /^[^:\p{Cc}]+$/u, expected: "a user name without a colon" }),
  password: option.string({ pattern: /^\P{Cc}+$/u, expected: "a password" }),
});

/** Judges credentials: exactly one kind of them. */
export const authRule: OptionRule = (value, report) => {
  let isSound = true;
  authGroup(value, (expected, path) => {
    isSound = false;
    report(expected, path);
  });
  if (!isSound) return;
  const given = Object.entries(value as object).flatMap(([name, one]) => (one === undefined ? [] : [name]));
  if (!["apiKey", "bearer", "password,username"].includes(given.toSorted().join(",")))
    report("expected { apiKey }, { username, password } or { bearer }");
};

/** Options of the client that are decided here, and what to use instead. */
const DECIDED: Readonly<Record<string, string>> = {
  node: "give hosts instead",
  nodes: "give hosts instead",
  cloud: "give the address of the deployment in hosts instead",
  auth: "give auth beside clientOptions instead",
  maxRetries: "requests are repeated by the publisher",
  compression: "give compression beside clientOptions instead",
  redaction: 'is always { type: "remove" }',
  requestTimeout: "give sendTimeoutMs instead",
};

/** Judges further options of the client. */
export const clientOptionsRule: OptionRule = (value, report) => {
  if (!isGroup(value)) return report("expected an object");
  for (const name of Object.keys(value)) if (Object.hasOwn(DECIDED, name)) report(DECIDED[name] ?? "", `.${name}`);
  checkHeaders(value["headers"], (expected, path = "") => report(expected, `.headers${path}`));
};

/** Judges headers; a line end in one would begin another, and neither a text nor a name that is none is shown. */
function checkHeaders(headers: unknown, report: ReportOptionError): void {
  if (headers === undefined || headers === null) return;
  if (!isGroup(headers)) return report("expected an object of header names and texts");
  for (const [name, given] of Object.entries(headers)) {
    const texts: readonly unknown[] = Array.isArray(given) ? given : [given ?? ""];
    if (!/^[\w!#$%&'*+.^`|~-]{1,128}$/.test(name)) report("expected the name of a header", "[…]");
    else if (!texts.every((text) => typeof text === "string" && /^[\t\x20-\x7e\x80-\xff]*$/.test(text)))
      report("expected a header's text in one line", `.${name}`);
  }
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
