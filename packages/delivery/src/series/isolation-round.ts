// Search for the series of one snapshot that the backend rejects: which parts are divided, and whether what is left is to blame.

/**
 * Most rejections of the parts of one snapshot: two or three for each rejected series that is found. Where there are more of
 * them, the next snapshot goes on with the search.
 */
const MAX_REJECTIONS = 64;

/** One search. A series is to blame only if the backend took others of the same snapshot. */
export class IsolationRound<Snapshot> {
  readonly #mayDivide: boolean;
  readonly #suspects: Snapshot[] = [];
  #rejections = 0;
  #taken = 0;
  #hasRest = false;
  #reason = "";

  /** @param mayDivide whether to search at all */
  constructor(mayDivide: boolean) {
    this.#mayDivide = mayDivide;
  }

  /** Whether the backend rejected any part. */
  get isRunning(): boolean {
    return this.#rejections > 0;
  }

  /** Why it rejected the last one. */
  get reason(): string {
    return this.#reason;
  }

  /** How many parts it took. */
  get taken(): number {
    return this.#taken;
  }

  /** Whether parts are left that were rejected and not divided, or of which nothing is known. */
  get hasRest(): boolean {
    return this.#hasRest || (this.#taken === 0 && this.#suspects.length > 0);
  }

  /** Series that are to blame, each alone in its part. */
  get culprits(): readonly Snapshot[] {
    return this.#taken > 0 ? this.#suspects : [];
  }

  /** Records that a part was taken. */
  onTaken(): void {
    this.#taken += 1;
  }

  /** Records that a part was rejected; returns what to send in its place. */
  onRejected(
    part: Snapshot,
    reason: string,
    split: (part: Snapshot) => readonly [Snapshot, Snapshot] | undefined,
  ): readonly Snapshot[] {
    this.#rejections += 1;
    this.#reason = reason;
    // A backend that took nothing while one series was searched for may reject everything.
    const goesOn = this.#taken > 0 || this.#suspects.length === 0;
    const halves = this.#mayDivide ? split(part) : undefined;
    if (this.#mayDivide && halves === undefined) this.#suspects.push(part);
    else if (halves !== undefined && goesOn && this.#rejections < MAX_REJECTIONS) return halves;
    else this.#hasRest = true;
    return [];
  }
}
