import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { createSeededRandom } from "@eventmeter/testkit";

/** What the proxy does with one request. */
export type ProxyFault =
  | "pass"
  /** The request is forwarded 50 ms late. */
  | "delay"
  /** The connection is reset; the server never sees the request. */
  | "reset-before"
  /** The server has answered; the connection is reset instead of the reply. */
  | "reset-after"
  /** The connection is reset in the middle of the body of the reply. */
  | "reset-in-reply"
  /** The reply ends in the middle, in an orderly way, before its Content-Length. */
  | "cut-reply"
  /** 429 by the proxy itself. */
  | "busy"
  /** The same with `Retry-After: 1`. */
  | "busy-for-a-second"
  /** 503 by the proxy itself, as balancers say it: in HTML, without a word of Elasticsearch. */
  | "unavailable";

/** What became of a request that the schedule did not decide. */
export type ProxyEvent =
  | ProxyFault
  /** 413 by the proxy itself. */
  | "too-large"
  /** The server did not answer. */
  | "no-answer";

/** How the proxy behaves. */
export interface FaultProxyOptions {
  /** Address of the server. */
  readonly target: string;
  /** Decides on requests, in the order of their arrival. @default passes all of them */
  readonly schedule?: ((index: number) => ProxyFault) | undefined;
  /** Larger bodies are answered with 413, as they travel. @default no limit */
  readonly maxBodyBytes?: number | undefined;
}

/** A proxy on 127.0.0.1 between a client and a real server that fails on demand. */
export interface FaultProxy extends AsyncDisposable {
  readonly url: string;
  /** How often it did what. */
  readonly did: ReadonlyMap<ProxyEvent, number>;
  /** How often the server answered what. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Requests so far, as `METHOD /path`, without queries. */
  readonly requests: readonly string[];
  /** Bytes of all bodies of requests, as they travelled. */
  readonly bodyBytes: number;
  /** Requests that are being answered, also those whose client has gone. */
  readonly inFlight: number;
}

const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding", "content-length"]);
const BALANCER_PAGE = "<html><body><h1>503 Service Unavailable</h1></body></html>\n";

/** Makes a schedule: the seed says which requests fail, each fault comes in turn. @param share which part fails, from 0 to 1 */
export function seededFaults(seed: number, share: number): (index: number) => ProxyFault {
  const faults: readonly ProxyFault[] = [
    "delay",
    "reset-before",
    "reset-after",
    "reset-in-reply",
    "cut-reply",
    "busy",
    "busy-for-a-second",
    "unavailable",
  ];
  const { integer } = createSeededRandom(seed);
  let given = 0;
  return () => {
    if (integer(1_000) >= share * 1_000) return "pass";
    given += 1;
    return faults[given % faults.length] ?? "pass";
  };
}

/** Opens a proxy to a server. */
export async function openFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { target, maxBodyBytes = Infinity } = options;
  const agent = new Agent({ keepAlive: true });
  const did = new Map<ProxyEvent, number>();
  const statuses = new Map<number, number>();
  const requests: string[] = [];
  const schedule = options.schedule ?? (() => "pass" as const);
  let inFlight = 0;
  let bodyBytes = 0;

  const server = createServer((from, to) => {
    // Whatever the client does to its connection is its own business.
    for (const stream of [from, to]) stream.on("error", () => undefined);
    const index = requests.push(`${from.method ?? ""} ${(from.url ?? "").replace(/\?.*$/, "")}`) - 1;
    inFlight += 1;
    serve(from, to, schedule(index))
      .catch(() => from.socket.destroy())
      .finally(() => (inFlight -= 1));
  });

  async function serve(from: IncomingMessage, to: ServerResponse, fault: ProxyFault): Promise<void> {
    const body = await buffer(from);
    bodyBytes += body.length;
    if (body.length > maxBodyBytes) {
      count(did, "too-large");
      return void to.writeHead(413).end();
    }
    count(did, fault);
    switch (fault) {
      case "reset-before":
        return void from.socket.resetAndDestroy();
      case "busy":
        return void to.writeHead(429).end();
      case "busy-for-a-second":
        return void to.writeHead(429, { "retry-after": "1" }).end();
      case "unavailable":
        return void to.writeHead(503, { "content-type": "text/html" }).end(BALANCER_PAGE);
      case "delay":
        await delay(50);
        break;
      default:
    }
    const reply = await forward(from, body);
    if (reply === undefined) {
      count(did, "no-answer");
      return void from.socket.resetAndDestroy();
    }
    count(statuses, reply.status);
    if (fault === "reset-after") return void from.socket.resetAndDestroy();
    to.writeHead(reply.status, { ...reply.headers, "content-length": reply.body.length });
    if (fault !== "reset-in-reply" && fault !== "cut-reply") return void to.end(reply.body);
    // What was written has to leave before the end overtakes it.
    await new Promise((resolve) => to.write(reply.body.subarray(0, reply.body.length / 2), resolve));
    if (fault === "cut-reply") from.socket.end();
    else from.socket.resetAndDestroy();
  }

  async function forward(from: IncomingMessage, body: Buffer): Promise<Reply | undefined> {
    const { method, url = "/" } = from;
    const headers = { ...withoutHops(from.headers), "content-length": body.length };
    const onward = request(new URL(url, target), { method, headers, agent });
    try {
      onward.end(body);
      const [reply] = (await once(onward, "response")) as [IncomingMessage];
      return { status: reply.statusCode ?? 0, headers: withoutHops(reply.headers), body: await buffer(reply) };
    } catch {
      onward.destroy();
      return undefined;
    }
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    did,
    statuses,
    requests,
    get bodyBytes() {
      return bodyBytes;
    },
    get inFlight() {
      return inFlight;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

function withoutHops(headers: IncomingMessage["headers"]): IncomingMessage["headers"] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}

function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
