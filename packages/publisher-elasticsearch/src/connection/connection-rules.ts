// Rules of the options that a connection is made from: hosts, credentials, and further options of the client.
import {
  headersRule,
  option,
  type OptionRule,
  passwordRule,
  tokenRule,
  usernameRule,
} from "@eventmeter/core/publisher";

/** Rule of one address. */
export const hostRule: OptionRule = option.instance(
  isHost,
  "an address as https://es.example:9200, without user, password and query; credentials go into auth",
);

function isHost(value: unknown): boolean {
  // The URL parser removes line ends and tabs without an error.
  if (typeof value !== "string" || value.length > 2_048 || /[\s\p{Cc}]/u.test(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return ["http:", "https:"].includes(protocol) && `${username}${password}${search}${hash}` === "";
}

/** Longest API key or token, in characters: a token of an identity provider can have tens of thousands. */
const MAX_TOKEN_LENGTH = 65_536;

const authGroup = option.group({
  apiKey: tokenRule({ maxLength: MAX_TOKEN_LENGTH, expected: "an API key as Elasticsearch shows it, in base64" }),
  bearer: tokenRule({ maxLength: MAX_TOKEN_LENGTH }),
  username: usernameRule,
  password: passwordRule,
});

/** Rule of credentials: exactly one kind of them. */
export const authRule: OptionRule = (value, report) => {
  let isValid = true;
  authGroup(value, (expected, path) => {
    isValid = false;
    report(expected, path);
  });
  if (!isValid) return;
  const given = Object.entries(value as object).flatMap(([name, one]) => (one === undefined ? [] : [name]));
  if (!["apiKey", "bearer", "password,username"].includes(given.toSorted().join(",")))
    report("expected { apiKey }, { username, password } or { bearer }");
};

/** Options of the client that the publisher sets itself, and what to use instead. */
const RESERVED: Readonly<Record<string, string>> = {
  node: "give hosts instead",
  nodes: "give hosts instead",
  cloud: "give the address of the deployment in hosts instead",
  auth: "give auth beside clientOptions instead",
  maxRetries: "requests are repeated by the publisher",
  compression: "give compression beside clientOptions instead",
  redaction: 'is always { type: "remove" }',
  requestTimeout: "give sendTimeoutMs instead",
};

// The client takes a list of texts for one header, and no headers at all.
const clientHeadersRule = headersRule({ allowLists: true });

/** Rule of further options of the client. */
export const clientOptionsRule: OptionRule = (value, report) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return report("expected an object");
  for (const name of Object.keys(value)) if (Object.hasOwn(RESERVED, name)) report(RESERVED[name] ?? "", `.${name}`);
  const { headers } = value as { readonly headers?: unknown };
  if (headers === undefined || headers === null) return;
  clientHeadersRule(headers, (expected, path = "") => report(expected, `.headers${path}`));
};
