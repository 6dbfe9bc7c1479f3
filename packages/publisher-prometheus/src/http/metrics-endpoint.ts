// The metrics endpoint of one publisher: every way to its page, and the check of it.
import type { IncomingMessage, ServerResponse } from "node:http";
import { type CheckReport, PublisherError, type WaitOptions } from "@eventmeter/core";
import { type Reporter, runDetached } from "@eventmeter/core/publisher";
import { readFormat, type ResolvedOptions } from "../options.ts";
import { readTls, type ScrapeTls } from "../scrape-option-rules.ts";
import type { PageFormat } from "../page/exposition-text.ts";
import type { PageRenderer } from "../page/page-renderer.ts";
import { createFetchHandler } from "./fetch-handler.ts";
import { Listener } from "./listener.ts";
import { type ReplyTo, ResponseWriter } from "./response-writer.ts";
import { ScrapeAuthorizer } from "./scrape-authorizer.ts";
import { DEFAULT_BUDGET_MS, ScrapeHandler } from "./scrape-handler.ts";
import { checkOwnPage } from "./self-check.ts";
import { UnreadReplies } from "./unread-replies.ts";

/** Options of `metrics()`. */
export interface MetricsOptions {
  /** Format of the page. @default "text" */
  readonly format?: PageFormat | undefined;
}

/** Serves the page of one publisher: on a server of its own, by handlers for other servers, and as a string. */
export class MetricsEndpoint {
  /** Answers a request of any Node server. Never throws. */
  readonly handler: (req: IncomingMessage, res: ServerResponse) => void;
  /** Answers a fetch-style request. Never rejects. */
  readonly fetch: (request: Request) => Promise<Response>;
  readonly #options: ResolvedOptions;
  readonly #pages: PageRenderer;
  readonly #isClosed: () => boolean;
  readonly #authorizer: ScrapeAuthorizer;
  readonly #listener: Listener;
  readonly #unread: UnreadReplies;

  constructor(options: ResolvedOptions, pages: PageRenderer, reporter: Reporter, isClosed: () => boolean) {
    this.#options = options;
    this.#pages = pages;
    this.#isClosed = isClosed;
    this.#authorizer = new ScrapeAuthorizer(options.auth, { name: options.name, clock: options.clock, reporter });
    this.#unread = new UnreadReplies(options.clock, reporter);
    const scrapes = new ScrapeHandler(this.#authorizer, pages, this.#unread, isClosed);
    const responses = new ResponseWriter(this.#unread);
    const replyTo: ReplyTo = (request) => scrapes.answer(request);
    this.#listener = new Listener({ options, scrapes, responses });
    this.handler = (req, res) => responses.answer(req, res, replyTo);
    this.fetch = createFetchHandler(replyTo, this.#unread);
  }

  /** URL of the page on the publisher's own server; undefined while the server does not listen. */
  get url(): string | undefined {
    return this.#listener.url;
  }

  /** Whether the last attempt to listen, or the last page, failed. */
  get failing(): boolean {
    return this.#listener.failing || this.#pages.failing;
  }

  /** Tries to listen once, if the publisher has a server of its own. Rejects with a `PublisherError`. */
  async listen(): Promise<void> {
    if (this.#options.server) await this.#listener.listen();
  }

  /** Takes another certificate and key for new connections. @throws PublisherError `options` */
  setTls(tls: ScrapeTls): void {
    const { name, tls: first } = this.#options;
    this.#listener.setTls(readTls(name, tls, first));
  }

  /** Ends the publisher's own server; to be called once more after an attempt to listen that was still under way. */
  close(): Promise<void> {
    this.#unread.settle();
    return this.#listener.close();
  }

  /** Resolves to the page as a string. Rejects with a `PublisherError`. */
  async text(options: MetricsOptions | null | undefined): Promise<string> {
    const { name } = this.#options;
    const format = readFormat(name, options);
    try {
      const { chunks } = await this.#pages.render(format, DEFAULT_BUDGET_MS);
      return Buffer.concat(chunks).toString("utf8");
    } catch (cause) {
      throw new PublisherError("the page could not be made", { code: "page-failed", publisher: name, cause });
    }
  }

  /** Scrapes the page; without a server it is only rendered. Never rejects. */
  check(options: WaitOptions | undefined): Promise<CheckReport> {
    const endpoint = {
      options: this.#options,
      authorizer: this.#authorizer,
      closed: this.#isClosed(),
      address: this.#listener.address,
      render: () => this.#pages.render("text", DEFAULT_BUDGET_MS),
    };
    return runDetached(() => checkOwnPage(endpoint, options));
  }
}
