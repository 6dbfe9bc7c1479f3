// Replies that clients have not read to the end: bounded in time and in bytes, since each can hold a page of its own.
import type { Clock } from "@eventmeter/core";
import type { Reporter } from "@eventmeter/core/publisher";
import type { ScrapeReply } from "./scrape-reply.ts";

/** Limits of what clients that read slowly, or not at all, can hold. */
export interface ReadingLimits {
  /** How long a client can take to read a reply, in milliseconds. */
  readonly readTimeoutMs: number;
  /**
   * Bytes that unread replies can hold beside the newest one. With more, the client that began first is given up, then
   * the next one. Where one page is larger, its size is the limit: two scrapers of a large page do not end one another.
   */
  readonly maxUnreadBytes: number;
}

const LIMITS: ReadingLimits = { readTimeoutMs: 10_000, maxUnreadBytes: 33_554_432 };

/** What one client costs beside the page that it can share with others: under TLS, one chunk of it, encrypted. */
const BYTES_PER_CLIENT = 65_536;

/** How old a page can be, in milliseconds, for a client that shares it with one that is still reading it. */
const MAX_SHARED_AGE_MS = 1_000;

/** How often given-up clients are reported, in milliseconds. */
const REPORT_INTERVAL_MS = 60_000;

/** One client that has not read its reply to the end. */
interface Reading {
  readonly reply: ScrapeReply;
  readonly giveUp: () => void;
  readonly timer: { cancel(): void };
}

/** Replies with the same body, which is held once. */
interface HeldBody {
  readonly reply: ScrapeReply;
  readonly bytes: number;
  clients: number;
}

/** The replies of one publisher that are being read. */
export class UnreadReplies {
  readonly #clock: Clock;
  readonly #reporter: Pick<Reporter, "error">;
  readonly #limits: ReadingLimits;
  /** The client that began first comes first. */
  readonly #readings = new Set<Reading>();
  readonly #bodies = new Map<ScrapeReply["chunks"], HeldBody>();
  #bytes = 0;
  /** Clients that were given up since the last report. */
  #givenUp = 0;
  #reportTimer: { cancel(): void } | undefined;

  constructor(clock: Clock, reporter: Pick<Reporter, "error">, limits: Partial<ReadingLimits> = {}) {
    this.#clock = clock;
    this.#reporter = reporter;
    this.#limits = { ...LIMITS, ...limits };
  }

  /**
   * Counts a reply as unread until the function that is returned is called, or until its client is given up.
   * @param giveUp ends the connection of the client; called once at most
   */
  begin(reply: ScrapeReply, giveUp: () => void): () => void {
    const timer = this.#clock.setTimeout(() => this.#giveUp(reading), this.#limits.readTimeoutMs);
    const reading: Reading = { reply, giveUp, timer };
    this.#readings.add(reading);
    const body = this.#bodies.get(reply.chunks) ?? { reply, bytes: bytesOf(reply), clients: 0 };
    if (body.clients === 0) this.#bytes += body.bytes;
    body.clients += 1;
    this.#bodies.set(reply.chunks, body);
    this.#bytes += BYTES_PER_CLIENT;
    this.#makeRoom(reading, body.bytes);
    return () => this.#end(reading);
  }

  /** Returns a reply with a page that another client is still reading, and that is young enough for one more client. */
  find(key: string, budgetMs: number): ScrapeReply | undefined {
    const now = this.#clock.monotonic();
    for (const { reply } of this.#bodies.values()) {
      const { page } = reply;
      if (page?.key === key && page.budgetMs >= budgetMs && now - page.time < MAX_SHARED_AGE_MS) return reply;
    }
    return undefined;
  }

  /** Reports what is held back; the publisher calls it when it closes. */
  settle(): void {
    this.#reportTimer?.cancel();
    this.#reportNow();
  }

  #makeRoom(newest: Reading, newestBytes: number): void {
    const limit = Math.max(this.#limits.maxUnreadBytes, newestBytes);
    for (const reading of this.#readings) {
      if (this.#bytes - newestBytes <= limit || reading === newest) return;
      this.#giveUp(reading);
    }
  }

  #giveUp(reading: Reading): void {
    this.#end(reading);
    this.#givenUp += 1;
    this.#report();
    reading.giveUp();
  }

  #end(reading: Reading): void {
    if (!this.#readings.delete(reading)) return;
    reading.timer.cancel();
    const { chunks } = reading.reply;
    const body = this.#bodies.get(chunks);
    this.#bytes -= BYTES_PER_CLIENT;
    if (body === undefined) return;
    body.clients -= 1;
    if (body.clients > 0) return;
    this.#bodies.delete(chunks);
    this.#bytes -= body.bytes;
  }

  /** Reports the first client at once, and those of the next minute together. */
  #report(): void {
    if (this.#reportTimer !== undefined) return;
    this.#reportTimer = this.#clock.setTimeout(() => {
      this.#reportTimer = undefined;
      if (this.#givenUp > 0) this.#report();
    }, REPORT_INTERVAL_MS);
    this.#reportNow();
  }

  #reportNow(): void {
    if (this.#givenUp === 0) return;
    const clients = this.#givenUp === 1 ? "a client" : `${this.#givenUp} clients`;
    this.#givenUp = 0;
    const { readTimeoutMs, maxUnreadBytes } = this.#limits;
    const limits = `a client has ${readTimeoutMs / 1_000} s, and unread pages can take ${maxUnreadBytes / 1_048_576} MiB`;
    this.#reporter.error(
      "page-unread",
      `${clients} did not read the page, and the connection was ended: ${limits}. Look for scrapers that are stuck`,
      { retryable: true },
    );
  }
}

function bytesOf({ chunks }: ScrapeReply): number {
  // What the chunks keep alive, which can be more than their content.
  return chunks.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}
