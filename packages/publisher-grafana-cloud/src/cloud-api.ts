import type { Clock } from "@eventmeter/core";
import { retryAfterMs } from "@eventmeter/delivery";
import { addressOf, isLoopback } from "./endpoint.ts";
import { sendHttpRequest, type Reply } from "./http-request.ts";
import { type JsonObject, parseJsonObject } from "./json.ts";
import { type RequestFailure, networkFailure, timeoutFailure } from "./request-failure.ts";
import { type TokenFacts, tokenText } from "./token.ts";

/** Most bytes of one answer: some hundred stacks. */
const MAX_REPLY_BYTES = 2 * 2 ** 20;
/** What needs no look-up. */
export const TILE_HINT = "give endpoint and instanceId instead, as the stack's OpenTelemetry tile shows them";

/** A JSON object of the API, or why there is none; `missing` where the API knows nothing of that name. */
export type ApiAnswer =
  | { readonly data: JsonObject; readonly failure?: undefined }
  | { readonly failure: RequestFailure; readonly missing: boolean; readonly data?: undefined };

/** Asks the Cloud API (https://grafana.com/docs/grafana-cloud/developer-resources/api-reference/cloud-api/). */
export interface CloudApi {
  /** Whether it runs on this machine, and so what it names may do so too. */
  readonly isLoopback: boolean;
  /** Never rejects. @param path with its slash and parts already escaped */
  get(path: string, signal: AbortSignal): Promise<ApiAnswer>;
}

/** What the API is reached by. */
export interface CloudApiInit {
  /** Without a slash at its end. */
  readonly url: string;
  readonly apiKey: string;
  readonly key: TokenFacts;
  readonly clock: Clock;
}

/** Makes the way to one Cloud API. */
export function createCloudApi({ url, apiKey, key, clock }: CloudApiInit): CloudApi {
  const headers = { authorization: `Bearer ${apiKey}`, accept: "application/json" };
  return {
    isLoopback: isLoopback(new URL(url)),
    async get(path, signal) {
      try {
        const reply = await sendHttpRequest(`${url}${path}`, {
          method: "GET",
          headers,
          signal,
          maxReplyBytes: MAX_REPLY_BYTES,
        });
        if (reply.status !== 200)
          return { failure: apiFailure(reply, key, clock.now()), missing: reply.status === 404 };
        const data = reply.isWhole ? parseJsonObject(reply.body) : undefined;
        return data === undefined ? { failure: UNREADABLE_REPLY, missing: false } : { data };
      } catch (caught) {
        const whom = `the Cloud API ${addressOf(url)}`;
        const failure = signal.aborted ? timeoutFailure(whom) : networkFailure(caught, whom);
        return { failure: { ...failure, stale: false }, missing: false };
      }
    },
  };
}

const UNREADABLE_REPLY: RequestFailure = {
  kind: "retry",
  code: "discovery-failed",
  message: "the Cloud API answered 200 with something that cannot be read",
  hint: `check apiUrl, or ${TILE_HINT}`,
};

// The code and message of an answer are not looked at: the first may be anything, and the second repeats what was asked.
function apiFailure({ status, retryAfter }: Reply, key: TokenFacts, now: number): RequestFailure {
  const answered = `the Cloud API answered ${status}`;
  switch (status) {
    case 401:
      return {
        kind: "hold",
        code: "unauthorized",
        message: `${answered}: the API key is not valid: mistyped, expired or deleted${tokenText(key)}`,
        hint: "make a token of an access policy with scopes metrics:write and stacks:read",
      };
    case 403:
      return {
        kind: "hold",
        code: "forbidden",
        message: `${answered}: the API key may not look up stacks${tokenText(key)}`,
        hint: `add scope stacks:read to its access policy, or ${TILE_HINT}`,
      };
    case 404:
      return {
        kind: "hold",
        code: "not-found",
        message: `${answered}: there is no such organisation for this API key${tokenText(key)}`,
        hint: "orgSlug is the name in grafana.com/orgs/<name>",
      };
    case 429:
      return {
        kind: "retry",
        code: "rate-limited",
        message: `${answered}: it takes no more requests for now`,
        hint: TILE_HINT,
        retryAfterMs: retryAfterMs(retryAfter, now),
      };
    default:
  }
  if (status >= 500 || status === 408 || status === 425)
    return {
      kind: "retry",
      code: "unavailable",
      message: answered,
      hint: TILE_HINT,
      retryAfterMs: retryAfterMs(retryAfter, now),
    };
  const why = status >= 300 && status < 400 ? ": redirects are not followed" : "";
  return { kind: "hold", code: why === "" ? "rejected" : "redirected", message: `${answered}${why}`, hint: TILE_HINT };
}
