// The publisher's own server over its whole life: attempts to listen, its address, its close.
import cluster from "node:cluster";
import type { AddressInfo } from "node:net";
import { PublisherError } from "@eventmeter/core";
import { errorTypeOf } from "@eventmeter/core/publisher";
import type { ScrapeTls } from "../scrape-option-rules.ts";
import { processPorts } from "./process-ports.ts";
import { ScrapeServer, type ScrapeServerParts } from "./scrape-server.ts";

/** Listens for scrapes, in as many attempts as it takes, until it is closed. */
export class Listener {
  readonly #parts: ScrapeServerParts;
  #listening: { readonly server: ScrapeServer; readonly address: AddressInfo } | undefined;
  #tls: ScrapeTls | undefined;
  #failing = false;
  #closed = false;

  constructor(parts: ScrapeServerParts) {
    this.#parts = parts;
    this.#tls = parts.options.tls;
  }

  /** Where the server listens; undefined while it does not. */
  get address(): AddressInfo | undefined {
    return this.#closed ? undefined : this.#listening?.address;
  }

  /** URL of the metrics page; undefined while the server does not listen. */
  get url(): string | undefined {
    const { address } = this;
    if (address === undefined) return undefined;
    const { path, tls } = this.#parts.options;
    const host = reachableHost(address.address);
    const authority = `${host.includes(":") ? `[${host}]` : host}:${address.port}`;
    return `${tls === undefined ? "http" : "https"}://${authority}${path}`;
  }

  /** Whether the last attempt to listen failed. */
  get failing(): boolean {
    return this.#failing;
  }

  /** Tries to listen once. Rejects with a `PublisherError` that says in one sentence what to do. */
  async listen(): Promise<void> {
    const { options } = this.#parts;
    const server = new ScrapeServer({ ...this.#parts, options: { ...options, tls: this.#tls } });
    try {
      const address = await server.listen();
      this.#listening = { server, address };
      processPorts().set(address.port, options.name);
      // It may have been renewed in the meantime.
      if (this.#tls !== undefined) server.setTls(this.#tls);
      this.#failing = false;
    } catch (cause) {
      this.#failing = true;
      const { name, host, port } = options;
      const message = describeFailure(host, port, errorTypeOf(cause));
      throw new PublisherError(message, { code: "start-failed", publisher: name, retryable: true, cause });
    }
  }

  /** Takes another certificate and key for the connections from now on; those that are open stay as they are. */
  setTls(tls: ScrapeTls): void {
    this.#tls = tls;
    this.#listening?.server.setTls(tls);
  }

  /** Ends the server with every connection. After an attempt that was still under way it has to be called once more. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#listening === undefined) return;
    const { server, address } = this.#listening;
    await server.close();
    const ports = processPorts();
    if (ports.get(address.port) === this.#parts.options.name) ports.delete(address.port);
  }
}

function describeFailure(host: string, port: number, code: string | null): string {
  const place = `port ${port} of ${host}`;
  const publisher = processPorts().get(port);
  if (code === "EADDRINUSE" && publisher !== undefined)
    return `${place} is taken by the publisher ${publisher} of this process, as happens after a hot reload or with two bundles: create one publisher per process, with oncePerProcess("metrics", () => new PrometheusPublisher()) from @eventmeter/core`;
  if (code === "EADDRINUSE" && cluster.isWorker)
    return `${place} is taken, and cluster workers do not share a page, since each has numbers of its own: let the primary assign a port to each worker, by an environment variable given to cluster.fork(), and the same port to the worker that replaces it`;
  if (code === "EADDRINUSE")
    return `${place} is taken by something else that listens there: give another with the option port, or 0 for any free one`;
  if (code === "EACCES") return `${place} is not open to this user: give one above 1023 with the option port`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN")
    return `${host} is no address of this machine: give one with the option host, as 127.0.0.1 or 0.0.0.0`;
  return `${place} cannot be listened on (${code ?? "unknown"})`;
}

/** Returns the name by which an address is reached from this machine. */
export function reachableHost(address: string): string {
  return address === "0.0.0.0" || address === "::" ? "localhost" : address;
}
