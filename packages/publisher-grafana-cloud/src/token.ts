// Access policy tokens of Grafana Cloud, which the option `apiKey` takes.
import type { Clock, Secret } from "@eventmeter/core";
import { createSecretReader, type OptionRule, type SecretReader } from "@eventmeter/core/publisher";

/** What a token states about itself; for messages only, never for a decision. */
export interface TokenFacts {
  /** Id of the organisation that it belongs to. */
  readonly organisation?: string | undefined;
  /** Region of its access policy. */
  readonly region?: string | undefined;
}

/** Longest API key, in characters. */
const MAX_LENGTH = 4_096;
const VISIBLE = /^[\x21-\x7e]+$/;

/** Rule of the option `apiKey`; nothing of the key is shown. */
export const apiKeyRule: OptionRule = (value, report) => {
  const key = typeof value === "string" && value.length <= MAX_LENGTH ? trimApiKey(value) : "";
  if (/^(?:authorization\s*[:=]|(?:basic|bearer)[\s%])/i.test(key))
    return report("expected the token alone, which begins with glc_, got a whole header");
  if (key.startsWith("glsa_"))
    return report(
      "expected a token of an access policy, which begins with glc_, got one of a service account (glsa_): it opens one Grafana, not its metrics",
    );
  if (!VISIBLE.test(key)) report("expected a token of an access policy, as glc_…");
};

/** The API key of one publisher: a text, or a function that returns the current one. */
export class ApiKey {
  readonly #reader: SecretReader;
  #facts: TokenFacts = {};

  constructor(secret: Secret, { publisher, clock }: { readonly publisher: string; readonly clock: Clock }) {
    this.#reader = createSecretReader({
      secret,
      name: "apiKey",
      rule: apiKeyRule,
      normalise: trimApiKey,
      publisher,
      clock,
    });
    if (typeof secret === "string") this.#facts = readTokenFacts(trimApiKey(secret));
  }

  /** What the last key stated about itself. */
  get facts(): TokenFacts {
    return this.#facts;
  }

  /** Returns the key. Rejects with a `PublisherError` if a function returns none. */
  async read(): Promise<string> {
    const key = await this.#reader.read();
    this.#facts = readTokenFacts(key);
    return key;
  }

  /** Records that a key was rejected: a function is called again for the next request. */
  reject(key: string): void {
    this.#reader.reject(key);
  }
}

/** Returns an API key without what is copied with it: white space and quotes around it. */
function trimApiKey(apiKey: string): string {
  return apiKey
    .trim()
    .replace(/^(["'`])(.*)\1$/s, "$2")
    .trim();
}

/** Reads what a `glc_` token states about itself; nothing for any other key. */
function readTokenFacts(apiKey: string): TokenFacts {
  try {
    if (!apiKey.startsWith("glc_")) return {};
    const text = Buffer.from(apiKey.slice(4), "base64").toString("utf8");
    const facts = JSON.parse(text) as { readonly o?: unknown; readonly m?: { readonly r?: unknown } | null };
    return { organisation: matching(facts.o, /^\d{1,20}$/), region: matching(facts.m?.r, /^[a-z0-9-]{1,64}$/) };
  } catch {
    return {};
  }
}

// The fields are not ours: a value is only repeated if its form shows that it cannot be a secret.
function matching(value: unknown, pattern: RegExp): string | undefined {
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && pattern.test(text) ? text : undefined;
}

/** Describes a token in brackets, to append to a message; empty if the token states nothing. */
export function tokenText({ organisation, region }: TokenFacts): string {
  const facts = [
    ...(organisation === undefined ? [] : [`organisation ${organisation}`]),
    ...(region === undefined ? [] : [`region ${region}`]),
  ];
  return facts.length === 0 ? "" : ` (the key says: ${facts.join(", ")})`;
}
