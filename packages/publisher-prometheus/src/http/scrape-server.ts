// The publisher's own HTTP server: limits, routes, and the connections it closes.
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { SecureContextOptions } from "node:tls";
import type { ResolvedOptions } from "../options.ts";
import { pemText, type ScrapeTls } from "../scrape-option-rules.ts";
import { isLoopback, rejectHost } from "./allowed-hosts.ts";
import { Connections } from "./connections.ts";
import type { ResponseWriter } from "./response-writer.ts";
import type { ScrapeHandler, ScrapeRequest } from "./scrape-handler.ts";
import { errorReply, type ScrapeReply, textReply } from "./scrape-reply.ts";

/** Limits of what a client can take from a server. */
export interface ServerLimits {
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** How long an idle connection is kept: longer than the usual scrape interval, so that one connection serves all scrapes. */
  readonly keepAliveTimeoutMs: number;
  readonly checkIntervalMs: number;
  readonly maxHeaderBytes: number;
  readonly maxConnections: number;
}

// A client that does not complete its request is gone within 10 s.
const LIMITS: ServerLimits = {
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 8_000,
  keepAliveTimeoutMs: 65_000,
  checkIntervalMs: 1_000,
  maxHeaderBytes: 16_384,
  maxConnections: 1_000,
};

/** Parts of a publisher that its server works with. */
export interface ScrapeServerParts {
  readonly options: Pick<ResolvedOptions, "name" | "port" | "host" | "path" | "tls" | "holdProcess" | "allowedHosts">;
  readonly scrapes: Pick<ScrapeHandler, "reject" | "page">;
  readonly responses: ResponseWriter;
  /** Limits that differ from those by default. */
  readonly limits?: Partial<ServerLimits> | undefined;
}

/** A server that listens once. */
export class ScrapeServer {
  readonly #options: ScrapeServerParts["options"];
  readonly #scrapes: ScrapeServerParts["scrapes"];
  readonly #responses: ResponseWriter;
  readonly #server: Server;
  readonly #connections: Connections;
  #loopback = true;

  constructor({ options, scrapes, responses, limits: given }: ScrapeServerParts) {
    const limits = { ...LIMITS, ...given };
    this.#options = options;
    this.#scrapes = scrapes;
    this.#responses = responses;
    this.#server = createHttpServer(options.tls, limits);
    this.#connections = new Connections(limits.maxConnections);
  }

  /** Resolves to the address when the server listens. Rejects with the system's error. */
  async listen(): Promise<AddressInfo> {
    this.#addListeners();
    await listenOn(this.#server, this.#options);
    const address = this.#server.address() as AddressInfo;
    this.#loopback = isLoopback(address.address);
    // One failed accept, such as without a free file descriptor, must not end the process.
    this.#server.on("error", () => {});
    if (!this.#options.holdProcess) this.#server.unref();
    return address;
  }

  /** Takes another certificate and key for new connections. The server must have been created with TLS. */
  setTls(tls: ScrapeTls): void {
    if ("setSecureContext" in this.#server) (this.#server as TlsServer).setSecureContext(secureOptions(tls));
  }

  /** Ends the server and every connection; resolves when they are gone. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#connections.close();
    });
  }

  #addListeners(): void {
    const onRequest = (req: IncomingMessage, res: ServerResponse): void => {
      this.#connections.beginRequest(req.socket, res);
      this.#responses.answer(req, res, (request) => this.#route(req, request));
    };
    this.#server.on("connection", (socket: Socket) => {
      this.#connections.add(socket);
      if (!this.#options.holdProcess) socket.unref();
    });
    this.#server.on("request", onRequest);
    // A client that asks before it sends a body is answered at once, and the body never comes.
    this.#server.on("checkContinue", onRequest);
    this.#server.on("checkExpectation", (req: IncomingMessage, res: ServerResponse) =>
      this.#responses.answer(req, res, () => Promise.resolve(errorReply(417, { Connection: "close" }))),
    );
  }

  async #route(req: IncomingMessage, request: ScrapeRequest): Promise<ScrapeReply> {
    const { allowedHosts, path } = this.#options;
    const { rawHeaders, httpVersion, url } = req;
    const hosts = rawHeaders.filter((_, at, all) => at % 2 === 1 && all[at - 1]?.toLowerCase() === "host");
    const target = readTarget(url);
    const status = rejectHost({ hosts, authority: target.authority, httpVersion }, this.#loopback, allowedHosts);
    if (status !== undefined) return errorReply(status);
    const rejection = this.#scrapes.reject(request);
    const reply = rejection === undefined ? undefined : await rejection;
    if (reply !== undefined) return reply;
    if (withoutLastSlash(target.path) === withoutLastSlash(path)) return this.#scrapes.page(request);
    return target.path === "/"
      ? textReply(200, "text/html; charset=utf-8", landingPage(this.#options))
      : errorReply(404);
  }
}

/** Reads the target of a request without its query: a path, or a URL, as proxies send it. */
function readTarget(url = ""): { readonly path: string; readonly authority?: string | undefined } {
  const [target = ""] = url.split("?", 1);
  const [, authority, path = "/"] = /^https?:\/\/([^/]+)(\/.*)?$/i.exec(target) ?? [];
  return authority === undefined ? { path: target } : { path, authority };
}

function withoutLastSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

function createHttpServer(tls: ScrapeTls | undefined, limits: ServerLimits): Server {
  const options: ServerOptions = {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.checkIntervalMs,
    maxHeaderSize: limits.maxHeaderBytes,
  };
  if (tls === undefined) return createServer(options);
  const client = tls.clientCa === undefined ? {} : { requestCert: true, rejectUnauthorized: true };
  return createTlsServer({
    ...options,
    ...secureOptions(tls),
    ...client,
    handshakeTimeout: limits.headersTimeoutMs,
  });
}

function secureOptions({ key, cert, passphrase, clientCa }: ScrapeTls): SecureContextOptions {
  return {
    key: pemText(key),
    cert: pemText(cert),
    passphrase,
    minVersion: "TLSv1.2",
    ...(clientCa === undefined ? {} : { ca: pemText(clientCa) }),
  };
}

function listenOn(server: Server, { port, host }: ScrapeServerParts["options"]): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // Workers of a cluster would otherwise share the port, and each scrape would get the numbers of another worker.
    server.listen({ port, host, exclusive: true }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function landingPage({ name, path }: ScrapeServerParts["options"]): string {
  const link = path.replaceAll("&", "&amp;").replaceAll("'", "&#39;");
  return `<!doctype html>\n<title>${name}</title>\n<h1>${name}</h1>\n<p><a href="${link}">Metrics</a></p>\n`;
}
