import cluster from "node:cluster";
import type { AddressInfo } from "node:net";
import { PublisherError } from "@eventmeter/core";
import { errorTypeOf } from "@eventmeter/core/publisher";
import { openServer, type ScrapeServer, type ScrapeServerInit } from "./scrape-server.ts";

/** The server of one publisher, from before it listens to its end. */
export interface Listener {
  /** Where it listens; undefined while it does not. */
  readonly address: AddressInfo | undefined;
  /** Where the page is; undefined while it does not listen. */
  readonly url: string | undefined;
  /** Whether the last attempt to listen failed. */
  readonly failing: boolean;
  /** Rejects with a `PublisherError` that says in one sentence what to do. */
  listen(): Promise<void>;
  /** Ends it with every connection; one that is about to listen ends as soon as it does. */
  close(): Promise<void>;
}

/** Makes the listener of one publisher. */
export function createListener(init: ScrapeServerInit): Listener {
  const { name, host, port, path, tls } = init.options;
  let server: ScrapeServer | undefined;
  let opening: Promise<void> | undefined;
  let failing = false;
  let closed = false;

  async function open(): Promise<void> {
    try {
      server = await openServer(init);
      failing = false;
    } catch (cause) {
      failing = true;
      const message = sentence(host, port, errorTypeOf(cause));
      throw new PublisherError(message, { code: "start-failed", publisher: name, retryable: true, cause });
    }
  }

  return {
    get address() {
      return closed ? undefined : server?.address;
    },
    get url() {
      if (closed || server === undefined) return undefined;
      const { address, port: taken } = server.address;
      const reachable = reachableHost(address);
      const authority = `${reachable.includes(":") ? `[${reachable}]` : reachable}:${taken}`;
      return `${tls === undefined ? "http" : "https"}://${authority}${path}`;
    },
    get failing() {
      return failing;
    },
    listen() {
      if (closed) return Promise.resolve();
      opening = open();
      return opening;
    },
    async close() {
      closed = true;
      await opening?.catch(() => {});
      await server?.close();
    },
  };
}

function sentence(host: string, port: number, code: string | null): string {
  const place = `port ${port} of ${host}`;
  if (code === "EADDRINUSE" && cluster.isWorker)
    return `${place} is taken, and cluster workers do not share a page, since each has numbers of its own: give each worker a port of its own, as 9464 + cluster.worker.id`;
  if (code === "EADDRINUSE")
    return `${place} is taken by something else that listens there: give another with the option port, or 0 for any free one`;
  if (code === "EACCES") return `${place} is not open to this user: give one above 1023 with the option port`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN")
    return `${host} is no address of this machine: give one with the option host, as 127.0.0.1 or 0.0.0.0`;
  return `${place} cannot be listened on (${code ?? "unknown"})`;
}

/** Gives the name under which an address is reached from this machine. */
export function reachableHost(address: string): string {
  return address === "0.0.0.0" || address === "::" ? "localhost" : address;
}
