// Series that the backend rejects: left out of later snapshots, reported, and their records dropped.
import type { Clock } from "@eventmeter/core";
import type { Ledger, Reporter } from "@eventmeter/core/publisher";
import { IsolationRound } from "./isolation-round.ts";
import type { ExcludedSeries } from "./series-definition.ts";

/** Intervals without a search for rejected series after one in which the backend took nothing. */
const PAUSE = 10;

/** The excluded series of one publisher, and the searches for them. */
export class SeriesExclusion<Snapshot> {
  readonly #exclude: ((part: Snapshot) => ExcludedSeries) | undefined;
  readonly #intervalMs: number;
  readonly #clock: Clock;
  readonly #ledger: Ledger;
  readonly #reporter: Reporter;
  /** When a search may begin, on the monotonic clock. */
  #searchAfter = 0;
  #droppedRecords = 0;

  constructor({
    exclude,
    intervalMs,
    clock,
    ledger,
    reporter,
  }: {
    readonly exclude: ((part: Snapshot) => ExcludedSeries) | undefined;
    readonly intervalMs: number;
    readonly clock: Clock;
    readonly ledger: Ledger;
    readonly reporter: Reporter;
  }) {
    this.#exclude = exclude;
    this.#intervalMs = intervalMs;
    this.#clock = clock;
    this.#ledger = ledger;
    this.#reporter = reporter;
  }

  /** Begins to send one snapshot. */
  beginRound(): IsolationRound<Snapshot> {
    return new IsolationRound(this.#exclude !== undefined && this.#clock.monotonic() >= this.#searchAfter);
  }

  /** Excludes the series that a round has found, and reports them; returns how many records they have. */
  endRound(round: IsolationRound<Snapshot>): number {
    if (round.hasRest && round.taken === 0) this.#searchAfter = this.#clock.monotonic() + PAUSE * this.#intervalMs;
    const names = new Map<string, number>();
    let records = 0;
    for (const part of round.culprits) {
      const excluded = this.#exclude?.(part);
      if (excluded === undefined) continue;
      records += excluded.records;
      names.set(excluded.name, (names.get(excluded.name) ?? 0) + 1);
    }
    const list = Array.from(names, ([name, count]) => `${count} of ${name}`).join(", ");
    if (list !== "")
      this.#reporter.error("series-rejected", `${round.reason}; rejected series are left out from now on: ${list}`);
    return records;
  }

  /**
   * Settles records that an acknowledged snapshot covers: as dropped if their series are excluded, otherwise as delivered.
   * @param settled records that no earlier snapshot covered
   * @param excluded records of all excluded series since the beginning
   */
  settle(settled: number, excluded: number): void {
    // A series can have been delivered before it was excluded.
    const dropped = Math.min(excluded - this.#droppedRecords, settled);
    this.#droppedRecords = excluded;
    this.#ledger.delivered += settled - dropped;
    if (dropped === 0) return;
    this.#ledger.drop("rejected", dropped);
    const message = "records dropped: the backend rejects their series";
    this.#reporter.drop("record-dropped", message, { count: dropped });
  }
}
