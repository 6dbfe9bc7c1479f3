import type { ReportOptionError } from "@eventmeter/core/publisher";

/** What an access policy token says of itself; for messages only, never for routing. */
export interface TokenFacts {
  /** Id of the organisation that it belongs to. */
  readonly organisation?: string | undefined;
  /** Region of its access policy. */
  readonly region?: string | undefined;
}

/** Longest key that is taken. */
const MAX_LENGTH = 4_096;
const VISIBLE = /^[\x21-\x7e]+$/;

/** Gives a key without what is copied along with it: white space and quotes around it. */
export function trimApiKey(key: string): string {
  return key
    .trim()
    .replace(/^(["'`])(.*)\1$/s, "$2")
    .trim();
}

/** Judges a key without showing any of it. */
export function checkApiKey(value: unknown, report: ReportOptionError): void {
  const key = typeof value === "string" && value.length <= MAX_LENGTH ? trimApiKey(value) : "";
  if (/^(?:authorization\s*[:=]|(?:basic|bearer)[\s%])/i.test(key))
    return report("expected the token alone, which begins with glc_, got a whole header");
  if (key.startsWith("glsa_"))
    return report(
      "expected a token of an access policy, which begins with glc_, got one of a service account (glsa_): it opens one Grafana, not its metrics",
    );
  if (!VISIBLE.test(key)) report("expected a token of an access policy, as glc_…");
}

/** Reads what a `glc_` token says of itself; nothing for any other. */
export function readTokenFacts(key: string): TokenFacts {
  try {
    if (!key.startsWith("glc_")) return {};
    const text = Buffer.from(key.slice(4), "base64").toString("utf8");
    const facts = JSON.parse(text) as { readonly o?: unknown; readonly m?: { readonly r?: unknown } | null };
    return { organisation: matching(facts.o, /^\d{1,20}$/), region: matching(facts.m?.r, /^[a-z0-9-]{1,64}$/) };
  } catch {
    return {};
  }
}

// The fields are somebody else's: only what is no secret by its form is ever repeated.
function matching(value: unknown, pattern: RegExp): string | undefined {
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && pattern.test(text) ? text : undefined;
}

/** Says what a key is of, in brackets, to be put behind a message; empty where it does not tell. */
export function tokenText({ organisation, region }: TokenFacts): string {
  const facts = [
    ...(organisation === undefined ? [] : [`organisation ${organisation}`]),
    ...(region === undefined ? [] : [`region ${region}`]),
  ];
  return facts.length === 0 ? "" : ` (the key says: ${facts.join(", ")})`;
}
