import { retryAfterMs } from "@eventmeter/delivery";
import type { EndpointKind } from "./endpoint.ts";
import { mimirCodes, replyText } from "./export-reply.ts";
import type { Reply } from "./http-request.ts";
import type { RequestFailure } from "./request-failure.ts";
import { type TokenFacts, tokenText } from "./token.ts";

/** What the words of an advice depend on. */
export interface ReplyContext {
  readonly endpointKind: EndpointKind;
  readonly key: TokenFacts;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Whether the body may have been more than the receiver reads. */
  readonly isLarge: boolean;
}

type Words = Readonly<Record<EndpointKind, string>>;

const ENDPOINT_HINT: Words = {
  tile: "copy the endpoint from the OpenTelemetry tile of the stack on grafana.com",
  organisation: "check the region, or give endpoint and instanceId as the stack's OpenTelemetry tile shows them",
  receiver:
    "check its path: a Collector takes metrics at /v1/metrics, Prometheus at /api/v1/otlp/v1/metrics, Mimir at /otlp/v1/metrics",
};
const NEW_TOKEN = "make a token with scope metrics:write on the stack's OpenTelemetry tile";
const KEY_HINT: Words = {
  tile: `${NEW_TOKEN}, and check that instanceId is of the same stack`,
  organisation: NEW_TOKEN,
  receiver: "give what it asks for in headers, as authorization",
};
const SCOPE_HINT: Words = {
  tile: "the token's access policy needs scope metrics:write and this stack in its realm; check that instanceId and endpoint are of the same stack",
  organisation: "the token's access policy needs scope metrics:write and this stack in its realm",
  receiver: "check what its credentials, given in headers, may do",
};

const BUSY_HINT = "it is busy or not ready: if it stays so, see its own log or status";
const LARGE_HINT = "lower maxLabelSets, or let it read larger requests";
const BETWEEN = "check what stands between";
const TEMPORALITY_HINT = "let it take them, or convert them in a Collector before it";

interface Rule {
  readonly test: RegExp;
  readonly kind?: RequestFailure["kind"];
  readonly code: string;
  readonly says: string;
  readonly hint?: string | undefined;
}

const REJECTIONS: readonly Rule[] = [
  {
    test: /request body too large/i,
    kind: "too-large",
    code: "too-large",
    says: "the request is too large",
    hint: LARGE_HINT,
  },
  {
    test: /too[- ]far[- ]in[- ](?:the[- ])?future/i,
    code: "clock-ahead",
    says: "the samples are of the future",
    hint: "correct the clock of this machine",
  },
  {
    test: /out[- ]of[- ]order|too[- ]old|out of bounds|duplicate sample|duplicate-timestamp/i,
    code: "out-of-order",
    says: "newer samples of these series are stored already",
    hint: "give every process its own serviceInstanceId (the default is one), and check the clock of this machine",
  },
  {
    test: /err-mimir-(?:label|max-label)|label (?:name|value)|label names per series/i,
    code: "label-limit",
    says: "a label is longer than it may be, or a series has too many of them",
    hint: "promote fewer attributes, and shorter ones",
  },
  { test: /content type/i, code: "media-type", says: "it does not take protobuf", hint: BETWEEN },
  {
    test: /temporality/i,
    code: "temporality",
    says: "it does not take cumulative series",
    hint: TEMPORALITY_HINT,
  },
];

/** Says what an answer other than a success means, and what to do about it. */
export function replyFailure(reply: Reply, context: ReplyContext): RequestFailure {
  const { status } = reply;
  const { endpointKind, key } = context;
  const answered = `the endpoint answered ${status}`;
  const text = replyText(reply);
  const endpoint = { kind: "hold", hint: ENDPOINT_HINT[endpointKind] } as const;
  switch (status) {
    case 400:
    case 422:
      return rejection(text, answered, context);
    case 401:
      return { kind: "hold", ...credentials(text, answered, context) };
    case 403:
      return {
        kind: "hold",
        code: "forbidden",
        message: `${answered}: ${endpointKind === "receiver" ? "its credentials" : "the API key"} may not write metrics there${tokenText(key)}`,
        hint: SCOPE_HINT[endpointKind],
      };
    case 404:
      return {
        ...endpoint,
        code: "not-found",
        message: `${answered}: it takes no metrics at this path`,
        stale: true,
      };
    case 405:
      return { ...endpoint, code: "not-found", message: `${answered}: it takes no metrics at this path` };
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
      return limited(text, reply, context);
    case 501:
    case 505:
      return { ...endpoint, code: "not-found", message: `${answered}: it takes no metrics` };
    case 530:
      return { ...endpoint, code: "not-found", message: `${answered}: there is no such zone`, stale: true };
    default:
  }
  if (status >= 300 && status < 400)
    return { ...endpoint, code: "redirected", message: `${answered}: redirects are not followed` };
  if (status >= 500) return unavailable(text, answered, reply, context);
  return { ...endpoint, code: "rejected", message: `${answered}: it refuses the request` };
}

/** Says that a success was none: whatever answered does not speak OTLP. */
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

function rejection(text: string, answered: string, { isLarge, endpointKind }: ReplyContext): RequestFailure {
  const rule = REJECTIONS.find(({ test }) => test.test(text));
  if (rule !== undefined) {
    const { kind = "rejected", code, says, hint } = rule;
    return { kind, code, message: `${answered}${mimirCodes(text)}: ${says}`, hint };
  }
  // Prometheus reads no more than 32 MiB, and says so in these words.
  if (isLarge && /unexpected EOF/.test(text))
    return { kind: "too-large", code: "too-large", message: `${answered}: the request is too large`, hint: LARGE_HINT };
  return {
    kind: "rejected",
    code: "rejected",
    message: `${answered}${mimirCodes(text)}: it cannot read the request`,
    hint: `${BETWEEN}; ${ENDPOINT_HINT[endpointKind]}`,
  };
}

function credentials(
  text: string,
  answered: string,
  { endpointKind, key }: ReplyContext,
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
      message: `${answered}: it does not know this instance id${tokenText(key)}`,
      hint: "instanceId is the number that the stack's OpenTelemetry tile shows",
    };
  const why = /invalid token/i.test(text)
    ? "is not valid: mistyped, expired, deleted, or of another organisation"
    : "is refused";
  return {
    code: "unauthorized",
    message: `${answered}: the API key ${why}${tokenText(key)}`,
    hint: KEY_HINT[endpointKind],
  };
}

function limited(text: string, { status, retryAfter }: Reply, { now }: ReplyContext): RequestFailure {
  // Halves would be more requests still.
  const isRequestRate = /request[- ]rate/i.test(text);
  const which = isRequestRate ? "requests" : /series/i.test(text) ? "series" : "samples";
  return {
    kind: "retry",
    code: "rate-limited",
    message: `the endpoint answered ${status}${mimirCodes(text)}: it takes no more ${which} for now`,
    hint: isRequestRate ? "raise intervalMs" : "raise intervalMs or lower maxLabelSets",
    retryAfterMs: retryAfterMs(retryAfter, now),
    busy: !isRequestRate,
  };
}

function unavailable(text: string, answered: string, { retryAfter }: Reply, { now }: ReplyContext): RequestFailure {
  // Prometheus answers what it will never take in this way.
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
