// Resolver of the endpoint that series are sent to: given by the options, or looked up once, and again if it has moved.
import type { Clock } from "@eventmeter/core";
import type { Reporter } from "@eventmeter/core/publisher";
import { authorizeStack, untilAborted } from "./authorization.ts";
import { CloudApi } from "./cloud-api.ts";
import { lookUpEndpoint } from "./endpoint-lookup.ts";
import type { EndpointConfig, OrganisationConfig } from "./endpoint-options.ts";
import type { Endpoint } from "./endpoint.ts";
import type { HttpClient } from "./http-request.ts";
import { type RequestFailure, timeoutFailure } from "./request-failure.ts";

/** An endpoint, or why there is none. */
export type EndpointResolution =
  | { readonly endpoint: Endpoint; readonly failure?: undefined }
  | { readonly failure: RequestFailure; readonly endpoint?: undefined };

type LookUp = (signal: AbortSignal) => Promise<EndpointResolution>;

/** How long a failure that a person has to correct is remembered, in milliseconds. */
const HOLD_AGE_MS = 30_000;
/** How long any other failure is remembered: a request that follows at once, such as the first one after the start, would wait as long again. */
const RETRY_AGE_MS = 500;

const CLOSED: RequestFailure = { kind: "retry", code: "closed", message: "it is closed" };
const ABORTED: RequestFailure = timeoutFailure("the Cloud API");

/** Knows the endpoint of one publisher, or looks it up: one look-up at a time, and once more after the endpoint has moved. */
export class EndpointResolver {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** Undefined if the endpoint was given. */
  readonly #lookUp: LookUp | undefined;
  #known: EndpointResolution | undefined;
  /** When `#known` was looked up, on the monotonic clock. */
  #knownSince = 0;
  #running: { readonly resolution: Promise<EndpointResolution>; readonly controller: AbortController } | undefined;
  /** Whether the endpoint was forgotten and none has worked since. */
  #isForgotten = false;
  #isClosed = false;

  /** @param timeoutMs longest time of one look-up, in milliseconds */
  constructor(
    config: EndpointConfig,
    {
      client,
      clock,
      timeoutMs,
      reporter,
    }: {
      readonly client: HttpClient;
      readonly clock: Clock;
      readonly timeoutMs: number;
      readonly reporter: Pick<Reporter, "diagnostic">;
    },
  ) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    if (config.kind === "organisation") this.#lookUp = createLookUp(config, { client, clock, reporter });
    else this.#known = { endpoint: config.endpoint };
  }

  /**
   * Returns the endpoint, looked up if it is not known yet. Never rejects.
   * @param signal ends the wait, but not the look-up, which others may wait for too
   * @param retryNow whether to look up again after a failure however recent it is
   */
  async resolve({
    signal,
    retryNow = false,
  }: { readonly signal?: AbortSignal | undefined; readonly retryNow?: boolean } = {}): Promise<EndpointResolution> {
    const resolution = this.#resolve(retryNow);
    if (signal === undefined) return resolution;
    return untilAborted(Promise.resolve(resolution), signal).catch((): EndpointResolution => ({ failure: ABORTED }));
  }

  /** Forgets an endpoint that may have moved. Returns whether it can be looked up again: only once until one has worked. */
  forget(): boolean {
    if (this.#lookUp === undefined || this.#isForgotten) return false;
    this.#isForgotten = true;
    this.#known = undefined;
    return true;
  }

  /** Records that the endpoint works, so that it can be forgotten again. */
  confirm(): void {
    this.#isForgotten = false;
  }

  /** Aborts the look-up under way; none is begun from now on. */
  close(): void {
    this.#isClosed = true;
    this.#running?.controller.abort();
  }

  #resolve(retryNow: boolean): EndpointResolution | Promise<EndpointResolution> {
    if (this.#known !== undefined && this.#isUsable(this.#known, retryNow)) return this.#known;
    if (this.#running !== undefined) return this.#running.resolution;
    if (this.#isClosed || this.#lookUp === undefined) return { failure: CLOSED };
    const controller = new AbortController();
    this.#running = { controller, resolution: this.#runLookUp(this.#lookUp, controller) };
    return this.#running.resolution;
  }

  #isUsable({ failure }: EndpointResolution, retryNow: boolean): boolean {
    if (failure === undefined) return true;
    const maxAgeMs = failure.kind === "hold" ? HOLD_AGE_MS : RETRY_AGE_MS;
    return !retryNow && this.#clock.monotonic() - this.#knownSince < maxAgeMs;
  }

  async #runLookUp(lookUp: LookUp, controller: AbortController): Promise<EndpointResolution> {
    const timer = this.#clock.setTimeout(() => controller.abort(), this.#timeoutMs);
    const resolution = await lookUp(controller.signal);
    timer.cancel();
    this.#running = undefined;
    this.#known = resolution;
    this.#knownSince = this.#clock.monotonic();
    return resolution;
  }
}

function createLookUp(
  { stack, apiUrl, apiKey }: OrganisationConfig,
  {
    client,
    clock,
    reporter,
  }: { readonly client: HttpClient; readonly clock: Clock; readonly reporter: Pick<Reporter, "diagnostic"> },
): LookUp {
  const api = new CloudApi({ url: apiUrl, apiKey, client, clock });
  return async (signal) => {
    const { found, failure } = await lookUpEndpoint(api, stack, signal);
    if (failure !== undefined) return { failure };
    const { url, instanceId, slug } = found;
    reporter.diagnostic("endpoint-found", `endpoint found: stack ${slug} (${instanceId}) in ${stack.region}, ${url}`);
    return { endpoint: { url, authorize: authorizeStack(instanceId, apiKey) } };
  };
}
