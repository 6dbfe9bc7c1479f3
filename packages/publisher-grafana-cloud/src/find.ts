import type { Clock } from "@eventmeter/core";
import type { Reporter } from "@eventmeter/core/publisher";
import { createCloudApi } from "./cloud-api.ts";
import { discover } from "./discovery.ts";
import { basicAuth, type ResolvedRoute } from "./route.ts";
import { fixedTarget, searchedTarget, type Target } from "./target.ts";

/** What finding the endpoint needs. */
export interface FindInit {
  readonly clock: Clock;
  /** Longest time of one search, in milliseconds. */
  readonly timeoutMs: number;
  readonly reporter: Pick<Reporter, "diagnostic">;
}

/** Makes what knows, or looks up, where the series go. */
export function createTarget(route: ResolvedRoute, { clock, timeoutMs, reporter }: FindInit): Target {
  if (route.kind !== "organisation") return fixedTarget(route.endpoint);
  const { apiUrl: url, apiKey, key, region } = route;
  const api = createCloudApi({ url, apiKey, key, clock });
  return searchedTarget({
    clock,
    timeoutMs,
    async search(signal) {
      const { stack, fault } = await discover(api, route, signal);
      if (fault !== undefined) return { fault };
      reporter.diagnostic(
        "endpoint-found",
        `endpoint found: stack ${stack.slug} (${stack.instanceId}) in ${region}, ${stack.url}`,
      );
      return { endpoint: { url: stack.url, headers: basicAuth(stack.instanceId, apiKey) } };
    },
  });
}
