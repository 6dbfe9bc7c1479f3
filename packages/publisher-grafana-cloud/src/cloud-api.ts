// Client of the Cloud API of Grafana, which knows the stacks of an organisation and their endpoints.
import type { Clock } from "@eventmeter/core";
import { retryAfterMs } from "@eventmeter/delivery";
import { authorizeApi, type Authorize, sendAuthorized } from "./authorization.ts";
import { addressOf, isLoopback } from "./endpoint.ts";
import type { HttpClient, Reply } from "./http-request.ts";
import { type JsonObject, parseJsonObject } from "./json.ts";
import { requestFailure, type RequestFailure } from "./request-failure.ts";
import { type ApiKey, type TokenFacts, tokenText } from "./token.ts";

/** Most bytes of one reply: enough for some hundred stacks. */
const MAX_REPLY_BYTES = 2 * 2 ** 20;
/** Hint to options that need no look-up. */
export const TILE_HINT = "give endpoint and instanceId instead, as the stack's OpenTelemetry tile shows them";

/** A JSON object of the API, or why there is none. `isMissing` if the API does not know what was asked for. */
export type ApiResult =
  | { readonly data: JsonObject; readonly failure?: undefined }
  | { readonly failure: RequestFailure; readonly isMissing: boolean; readonly data?: undefined };

/** Reads from one Cloud API (https://grafana.com/docs/grafana-cloud/developer-resources/api-reference/cloud-api/). */
export class CloudApi {
  /** Whether the API is on this machine, and so an endpoint that it names can be there too. */
  readonly isLoopback: boolean;
  readonly #url: string;
  readonly #client: HttpClient;
  readonly #apiKey: ApiKey;
  readonly #authorize: Authorize;
  readonly #clock: Clock;

  /** @param url without a slash at its end */
  constructor({
    url,
    apiKey,
    client,
    clock,
  }: {
    readonly url: string;
    readonly apiKey: ApiKey;
    readonly client: HttpClient;
    readonly clock: Clock;
  }) {
    this.isLoopback = isLoopback(new URL(url));
    this.#url = url;
    this.#client = client;
    this.#apiKey = apiKey;
    this.#authorize = authorizeApi(apiKey);
    this.#clock = clock;
  }

  /** Reads one object. Never rejects. @param path begins with a slash; its parts are escaped already */
  async get(path: string, signal: AbortSignal): Promise<ApiResult> {
    try {
      const reply = await sendAuthorized(this.#client, `${this.#url}${path}`, this.#authorize, {
        method: "GET",
        headers: { accept: "application/json" },
        signal,
        maxReplyBytes: MAX_REPLY_BYTES,
      });
      if (reply.status !== 200)
        return { failure: apiFailure(reply, this.#apiKey.facts, this.#clock.now()), isMissing: reply.status === 404 };
      const data = reply.isWhole ? parseJsonObject(reply.body) : undefined;
      return data === undefined ? { failure: UNREADABLE_REPLY, isMissing: false } : { data };
    } catch (caught) {
      const failure = requestFailure(caught, `the Cloud API ${addressOf(this.#url)}`, signal);
      return { failure, isMissing: false };
    }
  }
}

const UNREADABLE_REPLY: RequestFailure = {
  kind: "retry",
  code: "discovery-failed",
  message: "the Cloud API answered 200 with something that cannot be read",
  hint: `check apiUrl, or ${TILE_HINT}`,
};

// Code and message of a reply are ignored: the code can be of any type, and the message repeats what was asked.
function apiFailure({ status, retryAfter }: Reply, token: TokenFacts, now: number): RequestFailure {
  const answered = `the Cloud API answered ${status}`;
  switch (status) {
    case 401:
      return {
        kind: "hold",
        code: "unauthorized",
        message: `${answered}: the API key is not valid: mistyped, expired or deleted${tokenText(token)}`,
        hint: "make a token of an access policy with scopes metrics:write and stacks:read",
      };
    case 403:
      return {
        kind: "hold",
        code: "forbidden",
        message: `${answered}: the API key may not look up stacks${tokenText(token)}`,
        hint: `add scope stacks:read to its access policy, or ${TILE_HINT}`,
      };
    case 404:
      return {
        kind: "hold",
        code: "not-found",
        message: `${answered}: there is no such organisation for this API key${tokenText(token)}`,
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
