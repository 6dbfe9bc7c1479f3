// Records without an end that a publisher leaves out: counted, and reported once where the end seems to be forgotten.
import type { Clock } from "./contract.ts";
import type { Ledger } from "./ledger.ts";
import type { Reporter } from "./reporter.ts";

/** How long records are counted before they are reported, in milliseconds. */
const COUNTING_MS = 1_000;

/** Unfinished records of one publisher. */
export class UnfinishedRecords {
  readonly #ledger: Ledger;
  readonly #reporter: Reporter;
  readonly #clock: Clock;
  #forgotten = 0;
  /** One report in the life of a publisher: later records are counted in its health alone. */
  #isReported = false;
  #timer: { cancel(): void } | undefined;

  constructor({
    ledger,
    reporter,
    clock,
  }: {
    readonly ledger: Ledger;
    readonly reporter: Reporter;
    readonly clock: Clock;
  }) {
    this.#ledger = ledger;
    this.#reporter = reporter;
    this.#clock = clock;
  }

  /** Ignores a record. @param status its status: an execution that is `pending` or `running` has no end yet */
  ignore(status: string | undefined): void {
    this.#ledger.ignore("unfinished");
    if (status === "pending" || status === "running") return;
    if (this.#isReported) return;
    this.#forgotten += 1;
    this.#timer ??= this.#clock.setTimeout(() => this.#report(), COUNTING_MS);
  }

  /** Reports what was counted until now, unless it was reported before. */
  close(): void {
    this.#timer?.cancel();
    this.#report();
  }

  #report(): void {
    const count = this.#forgotten;
    if (this.#isReported || count === 0) return;
    this.#isReported = true;
    const records = count === 1 ? "1 record" : `${count} records`;
    this.#reporter.diagnostic(
      "unfinished-records",
      `${records} ignored: an execution that has ended needs an endTime; set it, or the status "running" where the execution has not ended`,
      count,
    );
  }
}
