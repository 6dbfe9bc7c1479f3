// Pool of the hosts of one client: requests go round the hosts that answer; a host that failed is left out until it answers a probe.
import type { Clock } from "@eventmeter/core";
import { isUnavailable } from "./hosts.ts";
import type { HostConnection, HostPool, HostPoolConstructor, HostQuery } from "./client-types.ts";

/** How long a host is left out after it failed, in milliseconds: doubled with each further failure, up to the last. */
const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 60_000;
/** Longest time of a probe, in milliseconds. */
const PROBE_TIMEOUT_MS = 3_000;

/** A host that failed and has not answered a request since. Times are on the monotonic clock. */
interface FailedHost {
  /** Failures in a row; those of requests that were in flight together count once. */
  failures: number;
  failedAt: number;
  retryAt: number;
  /** After one that was answered, the next request is for this host. */
  probe: "none" | "in-flight" | "answered";
  /** Whether a single request was sent to it since its probe, and may not have ended. */
  isOnTrial: boolean;
}

/**
 * Returns a class of pools for the official client, made from one of its own.
 * The client's pools cannot be used: one goes on sending requests to a host that fails, the other probes a host with every
 * request while a probe is in flight, and both use the time of the system.
 */
export function hostPoolClass(Base: HostPoolConstructor, clock: Clock): HostPoolConstructor {
  return class extends Base implements HostPool {
    readonly #failed = new WeakMap<HostConnection, FailedHost>();
    readonly #probes = new Set<AbortController>();

    override getConnection({ filter, selector, ...query }: HostQuery): HostConnection | null {
      const now = clock.monotonic();
      const usable = typeof filter === "function" ? this.connections.filter((one) => filter(one)) : this.connections;
      const alive: HostConnection[] = [];
      for (const connection of usable) {
        const failed = this.#failed.get(connection);
        if (failed === undefined) alive.push(connection);
        else if (failed.probe === "answered") return this.#sendOne(connection, failed, now);
        else if (failed.probe === "none" && now >= failed.retryAt) void this.#probe(connection, failed, query);
      }
      if (alive.length > 0) return typeof selector === "function" ? selector(alive) : (alive[0] ?? null);
      return this.#leastRecentlyFailed(usable);
    }

    override markAlive(connection: HostConnection): unknown {
      this.#failed.delete(connection);
      return super.markAlive(connection);
    }

    override markDead(connection: HostConnection): unknown {
      // Without another host there is nothing to choose.
      if (this.connections.length < 2) return this;
      const now = clock.monotonic();
      const failed = this.#failed.get(connection);
      if (failed === undefined)
        this.#failed.set(connection, {
          failures: 1,
          failedAt: now,
          retryAt: now + FIRST_RETRY_MS,
          probe: "none",
          isOnTrial: false,
        });
      else if (failed.isOnTrial) recordFailure(failed, now);
      else failed.failedAt = now;
      return super.markDead(connection);
    }

    override empty(): Promise<unknown> {
      for (const probe of this.#probes) probe.abort();
      return super.empty();
    }

    /** Gives one request to a host that answered its probe; the others wait for what becomes of it. */
    #sendOne(connection: HostConnection, failed: FailedHost, now: number): HostConnection {
      failed.probe = "none";
      failed.isOnTrial = true;
      failed.retryAt = now + retryMs(failed.failures);
      return connection;
    }

    async #probe(connection: HostConnection, failed: FailedHost, query: Omit<HostQuery, "filter">): Promise<void> {
      const controller = new AbortController();
      this.#probes.add(controller);
      failed.probe = "in-flight";
      failed.isOnTrial = false;
      const timer = clock.setTimeout(() => controller.abort(), PROBE_TIMEOUT_MS);
      const isAnswered = await connection
        .request({ method: "HEAD", path: "/" }, { ...query, signal: controller.signal })
        .then(({ statusCode }) => !isUnavailable(statusCode))
        .catch(() => false);
      timer.cancel();
      this.#probes.delete(controller);
      if (isAnswered) failed.probe = "answered";
      else recordFailure(failed, clock.monotonic());
    }

    #leastRecentlyFailed(connections: readonly HostConnection[]): HostConnection | null {
      const failedAt = (connection: HostConnection): number => this.#failed.get(connection)?.failedAt ?? 0;
      return connections.toSorted((one, other) => failedAt(one) - failedAt(other))[0] ?? null;
    }
  };
}

function recordFailure(failed: FailedHost, now: number): void {
  failed.failures += 1;
  failed.failedAt = now;
  failed.retryAt = now + retryMs(failed.failures);
  failed.probe = "none";
  failed.isOnTrial = false;
}

function retryMs(failures: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS);
}
