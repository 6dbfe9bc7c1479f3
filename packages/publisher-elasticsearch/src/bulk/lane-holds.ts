// Holds of lanes: whether a lane (a data stream or daily index) is stopped after it rejected documents that are not at fault.
import type { Clock } from "@eventmeter/core";
import { type BackendReporter, type SendContext, withTimeLimit } from "@eventmeter/delivery";
import type { ElasticsearchClient } from "../connection/client-types.ts";
import type { ResultStatus } from "../connection/reply.ts";
import type { TemplateInstaller } from "../templates/template-installer.ts";

/** How long a lane that stored a document counts as working, in milliseconds. */
const WORKING_MS = 5_000;
/** How many lanes are remembered, those used last. A daily index is a lane that is no longer needed after its day. */
const MAX_LANES = 1_024;
/** So many denials without a stored document in between hold a lane; halving a batch to one document takes up to 20. */
const MAX_DENIALS = 24;
// The start has already reported everything about the template.
const SILENT: BackendReporter = { error: () => undefined, diagnostic: () => undefined };

/** What is known of one lane. */
interface LaneState {
  /** When it last stored a document, on the monotonic clock; -Infinity if it never did. */
  storedAt: number;
  /** Denials since then. */
  denials: number;
  /** Whether it stored documents after a denial: not all of its documents are denied. */
  isMixed: boolean;
}

const UNKNOWN: Readonly<LaneState> = { storedAt: -Infinity, denials: 0, isMixed: false };

/** Decides which lanes of one publisher are held. */
export class LaneHolds {
  readonly #clock: Clock;
  readonly #installer: TemplateInstaller | undefined;
  readonly #installTimeoutMs: number;
  /** The least recently used lane first. */
  readonly #lanes = new Map<string, LaneState>();
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
    const state = this.#use(lane);
    state.storedAt = this.#clock.monotonic();
    state.isMixed ||= state.denials > 0;
    state.denials = 0;
  }

  /**
   * Returns whether denied documents are at fault themselves: their lane stored others since they, or the batch that they were
   * part of, were denied. Of those that are denied for the first time, one at a time, since the lane may have been denied as
   * a whole just now.
   */
  areAtFault(lane: string, attempt: number): boolean {
    const state = this.#lanes.get(lane);
    if (state === undefined || state.storedAt === -Infinity || state.denials > 0) return false;
    if (attempt > 1) return true;
    const { isMixed } = state;
    state.isMixed = false;
    return isMixed && this.#clock.monotonic() - state.storedAt < WORKING_MS;
  }

  /**
   * Records that documents of a lane were denied, for themselves or for the lane. Returns whether the lane is to be held: it
   * never stored a document, or not for many denials. Otherwise the other documents of the lane show what is at fault.
   */
  recordDenied(lane: string): boolean {
    const state = this.#use(lane);
    state.denials += 1;
    return state.storedAt === -Infinity || state.denials >= MAX_DENIALS;
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
    const { storedAt } = this.#lanes.get(lane) ?? UNKNOWN;
    if (this.#clock.monotonic() - storedAt < WORKING_MS) return false;
    if (rejection.type !== "index_not_found_exception") return true;
    // The template was removed, or everything. Another request may have installed it since this one was sent.
    if (this.#installedAt >= sentAt) return false;
    this.#installing ??= this.#installAgain(client, context);
    return !(await this.#installing);
  }

  /** Returns what is known of a lane; the least recently used one is forgotten for a new one. */
  #use(lane: string): LaneState {
    const state = this.#lanes.get(lane) ?? { ...UNKNOWN };
    this.#lanes.delete(lane);
    this.#lanes.set(lane, state);
    const [oldest] = this.#lanes.keys();
    if (this.#lanes.size > MAX_LANES && oldest !== undefined) this.#lanes.delete(oldest);
    return state;
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
