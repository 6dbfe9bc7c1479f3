// How many requests a snapshot is split into, learned from what the backend rejects.

/** Most requests that one snapshot is split into for its size. */
const MAX_PARTS = 1_024;
/** Most requests for a backend that is busy: one that limits requests has less room for many of them. */
const MAX_BUSY_PARTS = 8;

/** Number of requests that the next snapshot begins with. */
export class PartCount {
  #forSize = 1;
  /** The same for a backend that is busy: it does not stay so. */
  #forLoad = 1;

  get current(): number {
    return Math.max(this.#forSize, this.#forLoad);
  }

  /** Records that the backend is busy. */
  onBusy(): void {
    this.#forLoad = Math.min(this.#forLoad * 2, MAX_BUSY_PARTS);
  }

  /** Records that a snapshot was taken in `parts` requests. */
  onTaken(parts: number): void {
    if (parts > this.current) this.#forSize = Math.min(parts, MAX_PARTS);
    this.#forLoad = Math.max(this.#forLoad / 2, 1);
  }
}
