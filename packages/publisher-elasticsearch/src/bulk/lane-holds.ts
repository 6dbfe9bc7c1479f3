// Holds of lanes: whether a lane (a data stream or daily index) is stopped after it rejected documents that are not at fault.
import type { Clock } from "@eventmeter/core";
import { type BackendReporter, type SendContext, withTimeLimit } from "@eventmeter/delivery";
import type { ElasticsearchClient } from "../connection/client-types.ts";
import type { ResultStatus } from "../connection/reply.ts";
import type { TemplateInstaller } from "../templates/template-installer.ts";

/** How long a lane that stored a document counts as working, in milliseconds. */
const WORKING_MS = 5_000;
/** How many lanes are remembered. A daily index is a lane that is no longer needed after its day. */
const MAX_LANES = 1_024;
/** So many denials without a stored document in between hold a lane; halving a batch to one document takes up to 20. */
const MAX_DENIALS = 24;
// The start has already reported everything about the template.
const SILENT: BackendReporter = { error: () => undefined, diagnostic: () => undefined };

/** Decides which lanes of one publisher are held. */
export class LaneHolds {
  readonly #clock: Clock;
  readonly #installer: TemplateInstaller | undefined;
  readonly #installTimeoutMs: number;
  /** When each lane last stored a document, on the monotonic clock. */
  readonly #storedAt = new Map<string, number>();
  /** Denials of each lane since it last stored a document. */
  readonly #denials = new Map<string, number>();
  /** Lanes that stored documents after a denial: not all of their documents are denied. */
  readonly #mixed = new Set<string>();
  #installing: Promise<boolean> | undefined;
  #installedAt = -Infinity;

  /** @param installer undefined if the publisher installs no template */
  constructor(clock: Clock, installer: TemplateInstaller | undefined, installTimeoutMs: number) {
    this.#clock = clock;
    this.#installer = installer;
    this.#installTimeoutMs = installTimeoutMs;
  }

  /** Records that a lane stored a document. */
  recordStored(lane: string): void {
    this.#storedAt.set(lane, this.#clock.monotonic());
    if (this.#denials.delete(lane)) this.#mixed.add(lane);
    if (this.#storedAt.size > MAX_LANES) this.#storedAt.clear();
    if (this.#mixed.size > MAX_LANES) this.#mixed.clear();
  }

  /**
   * Returns whether denied documents are at fault themselves: their lane stored others since they, or the batch that they were
   * part of, were denied. Of those that are denied for the first time, one at a time, since the lane may have been denied as
   * a whole just now.
   */
  areAtFault(lane: string, attempt: number): boolean {
    if (!this.#storedAt.has(lane) || this.#denials.has(lane)) return false;
    if (attempt > 1) return true;
    return this.#mixed.delete(lane) && this.#clock.monotonic() - (this.#storedAt.get(lane) ?? -Infinity) < WORKING_MS;
  }

  /**
   * Records that documents of a lane were denied, for themselves or for the lane. Returns whether the lane is to be held: it
   * never stored a document, or not for many denials. Otherwise the other documents of the lane show what is at fault.
   */
  recordDenied(lane: string): boolean {
    const denials = (this.#denials.get(lane) ?? 0) + 1;
    if (this.#denials.size > MAX_LANES) this.#denials.clear();
    this.#denials.set(lane, denials);
    return !this.#storedAt.has(lane) || denials >= MAX_DENIALS;
  }

  /**
   * Returns whether a lane is to be held after it rejected documents; otherwise only these documents are sent again. A lane
   * that stored a document in the last 5 s is not held: some rejections concern single documents, for example where an ingest
   * pipeline redirects them to an index that the key may not write to. If the template is gone, it is installed again, and
   * the lane is not held. Never rejects.
   */
  async shouldHold({
    lane,
    rejection,
    sentAt,
    client,
    context,
  }: {
    readonly lane: string;
    readonly rejection: ResultStatus;
    /** When the request was sent, on the monotonic clock. */
    readonly sentAt: number;
    readonly client: ElasticsearchClient;
    readonly context: SendContext;
  }): Promise<boolean> {
    const storedAt = this.#storedAt.get(lane) ?? -Infinity;
    if (this.#clock.monotonic() - storedAt < WORKING_MS) return false;
    if (rejection.type !== "index_not_found_exception") return true;
    // The template was removed, or everything. Another request may have installed it since this one was sent.
    if (this.#installedAt >= sentAt) return false;
    this.#installing ??= this.#installAgain(client, context);
    return !(await this.#installing);
  }

  async #installAgain(client: ElasticsearchClient, { signal, report }: SendContext): Promise<boolean> {
    const limit = { clock: this.#clock, timeoutMs: this.#installTimeoutMs, signal };
    try {
      const isWritten = await withTimeLimit(limit, async (limited) =>
        this.#installer?.install(client, { signal: limited, report: SILENT }),
      );
      if (isWritten !== true) return false;
      this.#installedAt = this.#clock.monotonic();
      report.diagnostic("template-installed", "the index template was gone, and is installed again");
      return true;
    } catch {
      return false;
    } finally {
      this.#installing = undefined;
    }
  }
}
