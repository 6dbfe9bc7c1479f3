// Rules of the options that a connection is made from: hosts, credentials, and further options of the client.
import {
  headersRule,
  option,
  type OptionRule,
  passwordRule,
  secretRule,
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

/** Returns a key or token without the white space and line ends around it, which a file may have. */
export function trimSecret(secret: string): string {
  return secret.trim();
}

/** Returns a password without the line end that a file may have. */
export function trimLineEnd(password: string): string {
  return password.replace(/\r?\n$/, "");
}

/** Creates the rule of a text that is trimmed before it is used. */
function trimmed(rule: OptionRule, trim: (text: string) => string): OptionRule {
  return (value, report) => rule(typeof value === "string" ? trim(value) : value, report);
}

/** Rules of the texts of secrets. */
export const secretRules: { readonly apiKey: OptionRule; readonly bearer: OptionRule; readonly password: OptionRule } =
  {
    apiKey: trimmed(
      tokenRule({ maxLength: MAX_TOKEN_LENGTH, expected: "an API key as Elasticsearch shows it, in base64" }),
      trimSecret,
    ),
    bearer: trimmed(tokenRule({ maxLength: MAX_TOKEN_LENGTH }), trimSecret),
    password: trimmed(passwordRule, trimLineEnd),
  };

const authGroup = option.group(
  {
    apiKey: secretRule(secretRules.apiKey),
    bearer: secretRule(secretRules.bearer),
    username: usernameRule,
    password: secretRule(secretRules.password),
  },
  {
    user: "username",
    pass: "password",
    token: "bearer",
    id: "apiKey, the value `encoded` of the reply that created the key",
    api_key: "apiKey, the value `encoded` of the reply that created the key",
  },
);

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
  cloud: "give cloudId instead",
  auth: "give auth beside clientOptions instead",
  maxRetries: "requests are repeated by the publisher",
  compression: "give compression beside clientOptions instead",
  redaction: 'is always { type: "remove" }',
  requestTimeout: "give sendTimeoutMs instead",
};

// The client takes a list of texts for one header, and no headers at all.
const clientHeadersRule = headersRule({ allowLists: true });

/** Rule of the name of an ingest pipeline. */
export const pipelineRule: OptionRule = option.instance(
  (value) => typeof value === "string" && /^[^\s\p{Cc}]{1,255}$/u.test(value) && value.isWellFormed(),
  "the name of an ingest pipeline",
  ["string"],
);

/** Rule of further options of the client. */
export const clientOptionsRule: OptionRule = (value, report) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return report("expected an object");
  for (const name of Object.keys(value)) if (Object.hasOwn(RESERVED, name)) report(RESERVED[name] ?? "", `.${name}`);
  const { headers } = value as { readonly headers?: unknown };
  if (headers === undefined || headers === null) return;
  clientHeadersRule(headers, (expected, path = "") => report(expected, `.headers${path}`));
};
