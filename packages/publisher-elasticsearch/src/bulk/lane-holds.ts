import type { Clock } from "@eventmeter/core";
import type { BackendReporter, SendContext } from "@eventmeter/delivery";
import type { ElasticsearchClient } from "../connection/client-types.ts";
import { limit } from "../connection/request.ts";
import type { Install } from "../templates/template-installer.ts";
import type { Answer } from "../connection/reply.ts";

/** What holds are decided by. */
export interface HoldsInit {
  readonly clock: Clock;
  /** Installs the template, where that is wanted. */
  readonly install: Install | undefined;
  /** Longest time that installing may take, in milliseconds. */
  readonly installTimeoutMs: number;
}

/** A request whose documents were refused. */
export interface RefusedRequest {
  readonly lane: string;
  readonly refusal: Answer;
  /** When it began, on the monotonic clock. */
  readonly begun: number;
  readonly client: ElasticsearchClient;
  readonly context: SendContext;
}

/** Decides whether documents that are refused for what is not their fault hold their lane. */
export interface Holds {
  /** Notes that a lane took a document. */
  taken(lane: string): void;
  /** Tells whether the lane is to be held; if not, the documents are sent again by themselves. Never rejects. */
  isHeld(request: RefusedRequest): Promise<boolean>;
}

/** A lane that took a document so shortly before takes others: as where a pipeline sends some to where nobody may write. */
const TAKING_MS = 5_000;
/** Daily indices are lanes that nobody needs any more. */
const MAX_LANES = 1_024;
// What there is to say of the template has been said at the start.
const SILENT: BackendReporter = { error: () => undefined, diagnostic: () => undefined };

/** Makes the holds of one publisher. */
export function createHolds({ clock, install, installTimeoutMs }: HoldsInit): Holds {
  const takenAt = new Map<string, number>();
  let installing: Promise<boolean> | undefined;
  let installedAt = -Infinity;

  async function reinstall(client: ElasticsearchClient, { signal, report }: SendContext): Promise<boolean> {
    const limited = limit(clock, installTimeoutMs, signal);
    try {
      if ((await install?.(client, { signal: limited.signal, report: SILENT })) !== true) return false;
      installedAt = clock.monotonic();
      report.diagnostic("template-installed", "the index template was gone, and is installed again");
      return true;
    } catch {
      return false;
    } finally {
      limited.end();
      installing = undefined;
    }
  }

  return {
    taken(lane) {
      takenAt.set(lane, clock.monotonic());
      if (takenAt.size > MAX_LANES) takenAt.clear();
    },
    async isHeld({ lane, refusal, begun, client, context }) {
      if (clock.monotonic() - (takenAt.get(lane) ?? -Infinity) < TAKING_MS) return false;
      if (refusal.type !== "index_not_found_exception") return true;
      // Somebody has removed the template, or everything; another request may have seen to it since this one began.
      if (installedAt >= begun) return false;
      installing ??= reinstall(client, context);
      return !(await installing);
    },
  };
}
