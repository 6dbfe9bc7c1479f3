// What a status other than a success means, for the series and for a person: the failure of a request that was answered.
import { retryAfterMs } from "@eventmeter/delivery";
import type { EndpointKind } from "./endpoint.ts";
import { mimirCodes, replyText } from "./export-reply.ts";
import type { Reply } from "./http-request.ts";
import { knownWordsIn } from "./known-words.ts";
import type { RequestFailure } from "./request-failure.ts";
import { type TokenFacts, tokenText } from "./token.ts";

/** What a failure depends on besides the reply. */
export interface ReplyContext {
  readonly endpointKind: EndpointKind;
  readonly token: TokenFacts;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Whether the body of the request may have been more than the receiver reads. */
  readonly isLarge: boolean;
}

type Hints = Readonly<Record<EndpointKind, string>>;

const ENDPOINT_HINT: Hints = {
  tile: "copy the endpoint from the OpenTelemetry tile of the stack on grafana.com",
  organisation: "check the region, or give endpoint and instanceId as the stack's OpenTelemetry tile shows them",
  receiver:
    "check its path: a Collector takes metrics at /v1/metrics, Prometheus at /api/v1/otlp/v1/metrics, Mimir at /otlp/v1/metrics",
};
const NEW_TOKEN = "make a token with scope metrics:write on the stack's OpenTelemetry tile";
const KEY_HINT: Hints = {
  tile: `${NEW_TOKEN}, and check that instanceId is of the same stack`,
  organisation: NEW_TOKEN,
  receiver: "give what it asks for in headers, as authorization",
};
const SCOPE_HINT: Hints = {
  tile: "the token's access policy needs scope metrics:write and this stack in its realm; check that instanceId and endpoint are of the same stack",
  organisation: "the token's access policy needs scope metrics:write and this stack in its realm",
  receiver: "check what its credentials, given in headers, may do",
};

const BUSY_HINT = "it is busy or not ready: if it stays so, see its own log or status";
const LARGE_HINT = "lower maxLabelSets, or let it read larger requests";
const BETWEEN = "check what stands between";
const TEMPORALITY_HINT = "let it take them, or convert them in a Collector before it";

/** Returns what a reply other than a success means, and what to do about it. */
export function replyFailure(reply: Reply, context: ReplyContext): RequestFailure {
  const { status } = reply;
  const { endpointKind, token } = context;
  const answered = `the endpoint answered ${status}`;
  const text = replyText(reply);
  const wrongEndpoint = { kind: "hold", hint: ENDPOINT_HINT[endpointKind] } as const;
  switch (status) {
    case 400:
    case 422:
      return rejection(text, answered, context);
    case 401:
      return { kind: "hold", ...unauthorized(text, answered, context) };
    case 403:
      return {
        kind: "hold",
        code: "forbidden",
        message: `${answered}: ${endpointKind === "receiver" ? "its credentials" : "the API key"} may not write metrics there${tokenText(token)}`,
        hint: SCOPE_HINT[endpointKind],
      };
    case 404:
      return {
        ...wrongEndpoint,
        code: "not-found",
        message: `${answered}: it takes no metrics at this path`,
        mayHaveMoved: true,
      };
    case 405:
      return { ...wrongEndpoint, code: "not-found", message: `${answered}: it takes no metrics at this path` };
    case 408:
    case 425:
      return { kind: "retry", code: "unavailable", message: answered, hint: BUSY_HINT };
    case 413:
      return {
        kind: "too-large",
        code: "too-large",
        message: `${answered}: the request is too large`,
        hint: LARGE_HINT,
      };
    case 415:
      return {
        kind: "rejected",
        code: "media-type",
        message: `${answered}: it does not take gzipped protobuf`,
        hint: BETWEEN,
      };
    case 429:
      return rateLimited(text, reply, context);
    case 501:
    case 505:
      return { ...wrongEndpoint, code: "not-found", message: `${answered}: it takes no metrics` };
    case 530:
      return { ...wrongEndpoint, code: "not-found", message: `${answered}: there is no such zone`, mayHaveMoved: true };
    default:
  }
  if (status >= 300 && status < 400)
    return { ...wrongEndpoint, code: "redirected", message: `${answered}: redirects are not followed` };
  if (status >= 500) return unavailable(text, answered, reply, context);
  return { ...wrongEndpoint, code: "rejected", message: `${answered}: it rejects the request` };
}

/** Returns the failure of a success that is none, because whatever answered does not speak OTLP. */
export function notOtlpFailure(reply: Reply, endpointKind: EndpointKind): RequestFailure {
  const what = reply.isWhole
    ? "with something that is no OTLP reply"
    : "with more, or in another encoding, than an OTLP reply has";
  return {
    kind: "hold",
    code: "not-otlp",
    message: `the endpoint answered ${reply.status} ${what}`,
    hint: ENDPOINT_HINT[endpointKind],
  };
}

const EMBEDDED_CODES: Readonly<Record<number, string>> = {
  401: "unauthorized",
  403: "forbidden",
  404: "not-found",
  429: "rate-limited",
};

/** Returns the failure of a success whose body says that the request failed. @param status the one that the body names */
export function embeddedFailure(
  reply: Reply,
  status: number | undefined,
  { endpointKind, token }: Pick<ReplyContext, "endpointKind" | "token">,
): RequestFailure {
  const named = status === undefined ? "" : ` (${status})`;
  const message = `the endpoint answered ${reply.status} with a JSON object that reports a failure${named}`;
  if (status === 401 || status === 403)
    return {
      kind: "hold",
      code: EMBEDDED_CODES[status] as string,
      message: `${message}${endpointKind === "receiver" ? "" : tokenText(token)}`,
      hint: KEY_HINT[endpointKind],
    };
  if (status === 408 || status === 429 || (status ?? 0) >= 500)
    return { kind: "retry", code: EMBEDDED_CODES[status ?? 0] ?? "unavailable", message, hint: BUSY_HINT };
  return {
    kind: "hold",
    code: EMBEDDED_CODES[status ?? 0] ?? "not-otlp",
    message,
    hint: ENDPOINT_HINT[endpointKind],
  };
}

function rejection(text: string, answered: string, { isLarge, endpointKind }: ReplyContext): RequestFailure {
  const known = knownWordsIn(text);
  if (known !== undefined) {
    const { kind = "rejected", code, meaning, hint, isAboutSeries } = known;
    return { kind, code, message: `${answered}${mimirCodes(text)}: ${meaning}`, hint, isAboutSeries };
  }
  // Prometheus reads at most 32 MiB; this is its text for more.
  if (isLarge && /unexpected EOF/.test(text))
    return { kind: "too-large", code: "too-large", message: `${answered}: the request is too large`, hint: LARGE_HINT };
  return {
    kind: "rejected",
    code: "rejected",
    message: `${answered}${mimirCodes(text)}: it cannot read the request`,
    hint: `${BETWEEN}; ${ENDPOINT_HINT[endpointKind]}`,
    // Words that are not known can be about one series; a body that ends too early cannot.
    isAboutSeries: !/unexpected EOF/.test(text),
  };
}

function unauthorized(
  text: string,
  answered: string,
  { endpointKind, token }: ReplyContext,
): Omit<RequestFailure, "kind"> {
  if (/no org id/i.test(text))
    return {
      code: "unauthorized",
      message: `${answered}: it asks for a tenant`,
      hint: 'give headers: { "x-scope-orgid": … }',
    };
  if (endpointKind === "receiver")
    return { code: "unauthorized", message: `${answered}: it asks for credentials`, hint: KEY_HINT[endpointKind] };
  if (/legacy auth cannot be upgraded/i.test(text))
    return {
      code: "unauthorized",
      message: `${answered}: it does not know this instance id${tokenText(token)}`,
      hint: "instanceId is the number that the stack's OpenTelemetry tile shows",
    };
  const why = /invalid token/i.test(text)
    ? "is not valid: mistyped, expired, deleted, or of another organisation"
    : "is not accepted";
  return {
    code: "unauthorized",
    message: `${answered}: the API key ${why}${tokenText(token)}`,
    hint: KEY_HINT[endpointKind],
  };
}

function rateLimited(text: string, { status, retryAfter }: Reply, { now }: ReplyContext): RequestFailure {
  // More requests would only reach this limit sooner.
  const isRequestRate = /request[- ]rate/i.test(text);
  const which = isRequestRate ? "requests" : /series/i.test(text) ? "series" : "samples";
  return {
    kind: "retry",
    code: "rate-limited",
    message: `the endpoint answered ${status}${mimirCodes(text)}: it takes no more ${which} for now`,
    hint: isRequestRate ? "raise intervalMs" : "raise intervalMs or lower maxLabelSets",
    retryAfterMs: retryAfterMs(retryAfter, now),
    splitMayHelp: !isRequestRate,
  };
}

function unavailable(text: string, answered: string, { retryAfter }: Reply, { now }: ReplyContext): RequestFailure {
  // Prometheus answers 500 although it will never take them.
  if (/temporality/i.test(text))
    return {
      kind: "rejected",
      code: "temporality",
      message: `${answered}: it does not take cumulative series`,
      hint: TEMPORALITY_HINT,
    };
  return {
    kind: "retry",
    code: "unavailable",
    message: answered,
    hint: BUSY_HINT,
    retryAfterMs: retryAfterMs(retryAfter, now),
  };
}
