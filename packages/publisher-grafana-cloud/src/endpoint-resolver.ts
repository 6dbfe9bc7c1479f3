import type { Clock } from "@eventmeter/core";
import type { Reporter } from "@eventmeter/core/publisher";
import { createCloudApi } from "./cloud-api.ts";
import { discover } from "./endpoint-lookup.ts";
import { basicAuth, type EndpointConfig } from "./endpoint-options.ts";
import type { Endpoint } from "./endpoint.ts";
import type { RequestFailure } from "./request-failure.ts";

/** An endpoint, or why there is none. */
export type Found =
  | { readonly endpoint: Endpoint; readonly failure?: undefined }
  | { readonly failure: RequestFailure; readonly endpoint?: undefined };

/** What knows the endpoint. Never rejects. */
export interface Target {
  /** Gives the endpoint; looks for it where it is not known yet. @param fresh whether to look again after a recent failure */
  find(fresh?: boolean): Promise<Found>;
  /** Forgets an endpoint that seems to have moved; false where there is nothing to look up, or that was tried already. */
  renew(): boolean;
  /** The endpoint works: should it move again, it may be looked up again. */
  works(): void;
  /** Ends the search under way; there is none from now on. */
  close(): void;
}

/** How long a failure that a person has to put right is remembered, in milliseconds. */
const FAULT_AGE_MS = 30_000;
/** The same for any other: who comes at once, as the first request after the start, would wait as long once more. */
const RETRY_AGE_MS = 500;

const CLOSED: RequestFailure = { kind: "retry", code: "closed", message: "it is closed" };

/** Makes the target of an endpoint that was given. */
function fixedTarget(endpoint: Endpoint): Target {
  const found = Promise.resolve({ endpoint });
  return { find: () => found, renew: () => false, works() {}, close() {} };
}

/** What a search needs. */
export interface SearchInit {
  readonly clock: Clock;
  /** Longest time of one search, in milliseconds. */
  readonly timeoutMs: number;
  /** Looks for the endpoint once; never rejects. */
  readonly search: (signal: AbortSignal) => Promise<Found>;
}

/** Makes the target of an endpoint that has to be looked for: once, by one search at a time, and once more when it has moved. */
function searchedTarget({ clock, timeoutMs, search }: SearchInit): Target {
  let known: Found | undefined;
  let knownAt = 0;
  let running: { readonly found: Promise<Found>; readonly controller: AbortController } | undefined;
  let renewed = false;
  let closed = false;

  function isUsable(fresh: boolean): boolean {
    if (known?.failure === undefined) return known !== undefined;
    const ageMs = known.failure.kind === "hold" ? FAULT_AGE_MS : RETRY_AGE_MS;
    return !fresh && clock.monotonic() - knownAt < ageMs;
  }

  async function run(controller: AbortController): Promise<Found> {
    const timer = clock.setTimeout(() => controller.abort(), timeoutMs);
    const found = await search(controller.signal);
    timer.cancel();
    running = undefined;
    known = found;
    knownAt = clock.monotonic();
    return found;
  }

  return {
    find(fresh = false) {
      if (known !== undefined && isUsable(fresh)) return Promise.resolve(known);
      if (running === undefined) {
        if (closed) return Promise.resolve({ failure: CLOSED });
        const controller = new AbortController();
        running = { controller, found: run(controller) };
      }
      return running.found;
    },
    renew() {
      if (renewed) return false;
      renewed = true;
      known = undefined;
      return true;
    },
    works() {
      renewed = false;
    },
    close() {
      closed = true;
      running?.controller.abort();
    },
  };
}

/** What finding the endpoint needs. */
export interface FindInit {
  readonly clock: Clock;
  /** Longest time of one search, in milliseconds. */
  readonly timeoutMs: number;
  readonly reporter: Pick<Reporter, "diagnostic">;
}

/** Makes what knows, or looks up, where the series go. */
export function createTarget(config: EndpointConfig, { clock, timeoutMs, reporter }: FindInit): Target {
  if (config.kind !== "organisation") return fixedTarget(config.endpoint);
  const { apiUrl: url, apiKey, key, region } = config;
  const api = createCloudApi({ url, apiKey, key, clock });
  return searchedTarget({
    clock,
    timeoutMs,
    async search(signal) {
      const { stack, failure } = await discover(api, config, signal);
      if (failure !== undefined) return { failure };
      reporter.diagnostic(
        "endpoint-found",
        `endpoint found: stack ${stack.slug} (${stack.instanceId}) in ${region}, ${stack.url}`,
      );
      return { endpoint: { url: stack.url, headers: basicAuth(stack.instanceId, apiKey) } };
    },
  });
}
