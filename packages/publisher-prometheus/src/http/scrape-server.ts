import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions as TlsServerOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Answers } from "./response-writer.ts";
import type { Gate } from "./scrape-authorizer.ts";
import { createConnections } from "./connections.ts";
import { isLoopback, refusedHost } from "./allowed-hosts.ts";
import { pemText, type ResolvedOptions, type ScrapeTls } from "../options.ts";
import {
  refusal,
  refuseRequest,
  type ScrapeReply,
  type ScrapeRequest,
  type Scrapes,
  textReply,
} from "./scrape-handler.ts";

/** What a scrape server takes from a client before it leaves it. */
export interface ServerLimits {
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** How long an idle connection is kept: longer than the usual scrape interval, so that one connection serves them all. */
  readonly keepAliveTimeoutMs: number;
  readonly checkIntervalMs: number;
  readonly maxHeaderBytes: number;
  readonly maxConnections: number;
}

/** A client that does not complete its request is gone within 10 s. */
export const SERVER_LIMITS: ServerLimits = {
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 8_000,
  keepAliveTimeoutMs: 65_000,
  checkIntervalMs: 1_000,
  maxHeaderBytes: 16_384,
  maxConnections: 1_000,
};

/** What a scrape server needs. */
export interface ScrapeServerInit {
  readonly options: Pick<ResolvedOptions, "name" | "port" | "host" | "path" | "tls" | "holdProcess" | "allowedHosts">;
  readonly gate: Gate;
  readonly scrapes: Scrapes;
  readonly answers: Answers;
  readonly limits?: ServerLimits | undefined;
}

/** A server that listens. */
export interface ScrapeServer {
  readonly address: AddressInfo;
  /** Ends the server and every connection; resolves when they are gone. */
  close(): Promise<void>;
}

/** Listens. Rejects with what the system says. */
export async function openServer(init: ScrapeServerInit): Promise<ScrapeServer> {
  const { options, limits = SERVER_LIMITS } = init;
  const server = createHttpServer(options.tls, limits);
  const connections = createConnections(limits.maxConnections);
  let loopback = true;
  server.on("connection", (socket: Socket) => {
    connections.add(socket);
    if (!options.holdProcess) socket.unref();
  });
  const onRequest = (req: IncomingMessage, res: ServerResponse): void => {
    connections.serve(req.socket, res);
    init.answers.answer(req, res, (request) => route(init, loopback, req, request));
  };
  server.on("request", onRequest);
  // Whoever asks before sending a body is answered at once, and the body never comes.
  server.on("checkContinue", onRequest);
  server.on("checkExpectation", (req: IncomingMessage, res: ServerResponse) =>
    init.answers.answer(req, res, () => Promise.resolve(refusal(417, { Connection: "close" }))),
  );

  await listen(server, options);
  const address = server.address() as AddressInfo;
  loopback = isLoopback(address.address);
  // One failed accept, as without a free file descriptor, must not end the process.
  server.on("error", () => {});
  if (!options.holdProcess) server.unref();
  return {
    address,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        connections.close();
      }),
  };
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
  const { key, cert, passphrase, clientCa } = tls;
  const secure: TlsServerOptions = {
    key: pemText(key),
    cert: pemText(cert),
    passphrase,
    minVersion: "TLSv1.2",
    handshakeTimeout: limits.headersTimeoutMs,
    ...(clientCa === undefined ? {} : { ca: pemText(clientCa), requestCert: true, rejectUnauthorized: true }),
  };
  return createTlsServer({ ...options, ...secure });
}

function listen(server: Server, { port, host }: ScrapeServerInit["options"]): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // Workers of a cluster would otherwise share the port, and each scrape meet another one's numbers.
    server.listen({ port, host, exclusive: true }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

async function route(
  { options, gate, scrapes }: ScrapeServerInit,
  loopback: boolean,
  req: IncomingMessage,
  request: ScrapeRequest,
): Promise<ScrapeReply> {
  const hosts = req.rawHeaders.filter((_, at, all) => at % 2 === 1 && all[at - 1]?.toLowerCase() === "host");
  const status = refusedHost(hosts, loopback, options.allowedHosts);
  if (status !== undefined) return refusal(status);
  const refused = refuseRequest(request, gate);
  if (refused !== undefined) return refused;
  const [path] = (req.url ?? "").split("?", 1);
  if (path === options.path) return scrapes(request);
  return path === "/" ? textReply(200, "text/html; charset=utf-8", landing(options)) : refusal(404);
}

function landing({ name, path }: ScrapeServerInit["options"]): string {
  const link = path.replaceAll("&", "&amp;").replaceAll("'", "&#39;");
  return `<!doctype html>\n<title>${name}</title>\n<h1>${name}</h1>\n<p><a href="${link}">Metrics</a></p>\n`;
}
