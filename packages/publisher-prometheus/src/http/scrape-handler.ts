import { acceptsGzip, CONTENT_TYPES, negotiateFormat } from "./content-negotiation.ts";
import type { Gate } from "./scrape-authorizer.ts";
import type { Pages } from "../page/page-renderer.ts";

/** What a scrape depends on. */
export interface ScrapeRequest {
  readonly method: string | undefined;
  /** Gives a header by its lower-case name. */
  header(name: string): string | undefined;
}

/** The answer to any request: a whole page or a short refusal. */
export interface ScrapeReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Shared with other replies: to be read only. */
  readonly chunks: readonly Buffer[];
}

/** What answers scrapes needs. */
export interface ScrapesInit {
  readonly gate: Gate;
  readonly pages: Pages;
  readonly isClosed: () => boolean;
}

/** Answers one scrape. Never rejects. */
export type Scrapes = (request: ScrapeRequest) => Promise<ScrapeReply>;

const REFUSALS = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  417: "Expectation Failed",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const;

/** Statuses of a refusal. */
export type RefusalStatus = keyof typeof REFUSALS;

/** Gives a refusal: its status in words, and nothing of what was asked or what went wrong. */
export function refusal(status: RefusalStatus, headers: Readonly<Record<string, string>> = {}): ScrapeReply {
  return textReply(status, "text/plain; charset=utf-8", `${REFUSALS[status]}\n`, headers);
}

/** Gives a reply of text. */
export function textReply(
  status: number,
  contentType: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): ScrapeReply {
  return reply(status, contentType, [Buffer.from(text)], headers);
}

/** Judges method and credentials. @returns the refusal; undefined if the request may go on */
export function refuseRequest(request: ScrapeRequest, gate: Gate): ScrapeReply | undefined {
  const { method } = request;
  if (method !== "GET" && method !== "HEAD") return refusal(405, { Allow: "GET, HEAD" });
  if (gate.challenge === undefined || gate.opens(request.header("authorization"))) return undefined;
  return refusal(401, { "WWW-Authenticate": gate.challenge });
}

/** Makes what answers the scrapes of one publisher. */
export function createScrapes({ gate, pages, isClosed }: ScrapesInit): Scrapes {
  return async (request) => {
    const refused = refuseRequest(request, gate);
    if (refused !== undefined) return refused;
    if (isClosed()) return refusal(503);
    const format = negotiateFormat(request.header("accept"));
    const isGzip = acceptsGzip(request.header("accept-encoding"));
    try {
      const page = await pages.render(format, budgetOf(request.header("x-prometheus-scrape-timeout-seconds")));
      const chunks = isGzip ? await page.gzipped() : page.chunks;
      return reply(200, CONTENT_TYPES[format], chunks, {
        ...(isGzip ? { "Content-Encoding": "gzip" } : {}),
        Vary: "Accept, Accept-Encoding",
      });
    } catch {
      // Reported where it happened; a scraper reads no more than the status.
      return refusal(500);
    }
  };
}

/** Seconds that a scraper waits when it does not say so, and those that any is taken to wait at most. */
const DEFAULT_TIMEOUT_SECONDS = 5;
const MAX_TIMEOUT_SECONDS = 10;

/** The part of a scraper's timeout that foreign metrics may use up. */
const BUDGET_PART = 0.8;

/** Foreign metrics on `metrics()` may take as long as for a scraper that does not say how long it waits. */
export const DEFAULT_BUDGET_MS: number = DEFAULT_TIMEOUT_SECONDS * BUDGET_PART * 1_000;

/** Gives the time for foreign metrics: one of few values, so that scrapes of one moment share a page. */
function budgetOf(timeout: string | undefined): number {
  const seconds = Number(timeout ?? Number.NaN);
  if (!(seconds > 0)) return DEFAULT_BUDGET_MS;
  return Math.min(Math.max(Math.floor(seconds), 1), MAX_TIMEOUT_SECONDS) * BUDGET_PART * 1_000;
}

function reply(
  status: number,
  contentType: string,
  chunks: readonly Buffer[],
  headers: Readonly<Record<string, string>>,
): ScrapeReply {
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  return {
    status,
    headers: {
      "Content-Type": contentType,
      "Content-Length": String(bytes),
      "X-Content-Type-Options": "nosniff",
      ...headers,
    },
    chunks,
  };
}
