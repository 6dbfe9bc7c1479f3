// Handler of scrapes: decides whether a request may see the metrics page, and answers with the page it asks for.
import type { PageRenderer } from "../page/page-renderer.ts";
import { acceptsGzip, CONTENT_TYPES, negotiateFormat } from "./content-negotiation.ts";
import type { ScrapeAuthorizer } from "./scrape-authorizer.ts";
import { createReply, errorReply, type ScrapeReply } from "./scrape-reply.ts";
import type { UnreadReplies } from "./unread-replies.ts";

/** The part of a request that a scrape depends on. */
export interface ScrapeRequest {
  readonly method: string | undefined;
  /** Returns a header by its lower-case name. */
  header(name: string): string | undefined;
}

/** Answers the scrapes of one publisher. */
export class ScrapeHandler {
  readonly #authorizer: ScrapeAuthorizer;
  readonly #pages: PageRenderer;
  readonly #unread: UnreadReplies;
  readonly #isClosed: () => boolean;

  constructor(authorizer: ScrapeAuthorizer, pages: PageRenderer, unread: UnreadReplies, isClosed: () => boolean) {
    this.#authorizer = authorizer;
    this.#pages = pages;
    this.#unread = unread;
    this.#isClosed = isClosed;
  }

  /** Answers a request: with a rejection or with the metrics page. Never rejects. */
  async answer(request: ScrapeRequest): Promise<ScrapeReply> {
    const rejection = this.reject(request);
    return (rejection === undefined ? undefined : await rejection) ?? this.page(request);
  }

  /**
   * Returns the reply to a request with a wrong method or without the credentials, at once or when the credentials are
   * known; undefined if the request may go on. Never rejects.
   */
  reject(request: ScrapeRequest): ScrapeReply | Promise<ScrapeReply | undefined> | undefined {
    const { method } = request;
    if (method !== "GET" && method !== "HEAD") return errorReply(405, { Allow: "GET, HEAD" });
    const { challenge } = this.#authorizer;
    return challenge === undefined ? undefined : this.#authorize(request, challenge);
  }

  async #authorize(request: ScrapeRequest, challenge: string): Promise<ScrapeReply | undefined> {
    const authorization = await this.#authorizer.judge(request.header("authorization"));
    if (authorization === "unknown") return errorReply(503, { "Retry-After": "10" });
    return authorization === "allowed" ? undefined : errorReply(401, { "WWW-Authenticate": challenge });
  }

  /** Answers with the metrics page a request that `reject` has let through. Never rejects. */
  async page(request: ScrapeRequest): Promise<ScrapeReply> {
    if (this.#isClosed()) return errorReply(503);
    const format = negotiateFormat(request.header("accept"));
    const isGzip = acceptsGzip(request.header("accept-encoding"));
    const budgetMs = budgetOf(request.header("x-prometheus-scrape-timeout-seconds"));
    const key = isGzip ? `${format} gzip` : format;
    // A page that others hold in memory anyway, while they do not read it, costs nothing more.
    const shared = this.#unread.find(key, budgetMs);
    if (shared !== undefined) return shared;
    try {
      const page = await this.#pages.render(format, budgetMs);
      const chunks = isGzip ? await page.gzipped() : page.chunks;
      const headers = { ...(isGzip ? { "Content-Encoding": "gzip" } : {}), Vary: "Accept, Accept-Encoding" };
      const sharing = { key, time: page.time, budgetMs: page.isComplete ? Infinity : budgetMs };
      return { ...createReply(200, CONTENT_TYPES[format], chunks, headers), page: sharing };
    } catch {
      // Reported where it happened; a scraper reads no more than the status.
      return errorReply(500);
    }
  }
}

/** Timeout of a scraper that does not name one, and the longest that is believed, in seconds. */
const DEFAULT_TIMEOUT_SECONDS = 5;
const MAX_TIMEOUT_SECONDS = 10;

/** The part of a scraper's timeout that foreign metrics may use up. */
const BUDGET_PART = 0.8;

/** How long foreign metrics may take for a scraper that does not name its timeout, in milliseconds. */
export const DEFAULT_BUDGET_MS: number = DEFAULT_TIMEOUT_SECONDS * BUDGET_PART * 1_000;

/** Returns how long foreign metrics may take, in milliseconds: one of few values, so that scrapes of one moment share a page. */
function budgetOf(timeout: string | undefined): number {
  const seconds = Number(timeout ?? Number.NaN);
  if (!(seconds > 0)) return DEFAULT_BUDGET_MS;
  return Math.min(Math.max(Math.floor(seconds), 1), MAX_TIMEOUT_SECONDS) * BUDGET_PART * 1_000;
}
