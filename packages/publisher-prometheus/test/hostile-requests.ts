import { hostileBodies } from "./hostile-bodies.ts";
import { hostileConnections } from "./hostile-connections.ts";
import { hostileHeaders } from "./hostile-headers.ts";
import { hostileHosts } from "./hostile-hosts.ts";
import { hostileTargets } from "./hostile-targets.ts";
import { exchange, headerOf } from "./raw-http.ts";
import type { RawExchange, RawOptions, RawReply, RawStep } from "./raw-http.ts";

/**
 * How a request may end: a status, the server closing without a reply, the client leaving on its own, or no reply
 * within the time.
 */
export type Outcome = number | "closed" | "left" | "silent";

/** One request that must not harm a scrape server bound to 127.0.0.1 with its page at /metrics and no credentials. */
export interface HostileRequest extends RawOptions {
  readonly name: string;
  /** The steps of the client, built anew for each run. */
  readonly steps: () => Iterable<RawStep>;
  /** Every reply must have one of these statuses; the words say how it may end without a reply. */
  readonly expect: ReadonlySet<Outcome>;
  /** Says what else is wrong with the exchange, or undefined. */
  readonly check?: ((result: RawExchange) => string | undefined) | undefined;
}

/** All hostile requests; names are unique. Those with `timeoutMs` over 5,000 wait for the server's own time limits. */
export const hostileRequests: readonly HostileRequest[] = [
  ...hostileTargets,
  ...hostileHosts,
  ...hostileHeaders,
  ...hostileBodies,
  ...hostileConnections,
];

/** Values of an Authorization header that no protected server may let in: the answer is 401 with WWW-Authenticate. */
export const hostileAuthorizations: readonly { readonly name: string; readonly lines: string }[] = [
  { name: "no credentials", lines: "" },
  { name: "empty", lines: "Authorization:\r\n" },
  { name: "blanks", lines: "Authorization:   \t \r\n" },
  { name: "scheme only", lines: "Authorization: Basic\r\n" },
  { name: "bearer without token", lines: "Authorization: Bearer \r\n" },
  { name: "no base64", lines: "Authorization: Basic !!!%%%\r\n" },
  { name: "base64 without colon", lines: "Authorization: Basic YWJj\r\n" },
  { name: "empty user and password", lines: "Authorization: Basic Og==\r\n" },
  { name: "wrong user and password", lines: "Authorization: Basic d3Jvbmc6d3Jvbmc=\r\n" },
  { name: "wrong token", lines: "Authorization: Bearer wrong\r\n" },
  { name: "unknown scheme", lines: 'Authorization: Digest username="a"\r\n' },
  { name: "8 KB token", lines: `Authorization: Bearer ${"x".repeat(8192)}\r\n` },
  { name: "8 KB of base64", lines: `Authorization: Basic ${"QUFB".repeat(2048)}\r\n` },
  { name: "Latin-1 token", lines: "Authorization: Bearer \xE9\xFF\x80\r\n" },
  { name: "two headers", lines: "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n" },
  { name: "undefined", lines: "Authorization: Bearer undefined\r\n" },
  { name: "credentials in another header", lines: "Proxy-Authorization: Basic d3Jvbmc6d3Jvbmc=\r\n" },
];

const leaks: readonly RegExp[] = [
  /^\s+at .+[:(]/m,
  /\b[A-Z]\w*Error\b|\bERR_\w+|\bHPE_\w+|\bE(?:CONN|PIPE|INVAL)\w*/,
  /node:|node_modules|\.[cm]?[jt]s:\d/i,
  /Invalid URL|Parse Error|Unexpected token|Cannot read propert/i,
  /\b(?:Node\.js|Express|undici|llhttp|Prometheus)\b\/?v?\d+/i,
  /\bv?2[0-9]\.\d+\.\d+\b/,
];
const bannerHeaders = new Set(["server", "x-powered-by", "via", "x-runtime"]);

/** What no reply may show, whatever was asked: error text, traces, version banners, CORS permission, a broken frame. */
export function faultsOfReply(reply: RawReply): string[] {
  const faults: string[] = [];
  const heads = [...reply.headers].map(([name, values]) => `${name}: ${values.join(", ")}`).join("\n");
  // A page may well speak of Node.js versions; a rejection may not.
  const shown = reply.status === 200 ? heads : `${heads}\n${reply.body.toString("latin1")}`;
  for (const leak of leaks) {
    const found = leak.exec(shown)?.[0];
    if (found !== undefined) faults.push(`${reply.status} shows ${JSON.stringify(found)}`);
  }
  for (const name of reply.headers.keys()) {
    if (bannerHeaders.has(name)) faults.push(`${reply.status} has the header ${name}`);
    if (name.startsWith("access-control-")) faults.push(`${reply.status} has the CORS header ${name}`);
  }
  if (reply.status >= 500 && reply.status !== 503) faults.push(`${reply.status} is a fault of the server`);
  if (reply.status === 405 && !/^GET, ?HEAD$/.test(headerOf(reply, "allow") ?? "")) faults.push("405 without Allow");
  if (reply.status === 401 && headerOf(reply, "www-authenticate") === undefined) {
    faults.push("401 without WWW-Authenticate");
  }
  if (reply.status !== 200 && reply.body.length > 1024) faults.push(`${reply.status} has ${reply.body.length} bytes`);
  if (/canary/i.test(shown)) faults.push(`${reply.status} repeats what was sent`);
  return faults;
}

function outcomesOf(result: RawExchange): (Outcome | "refused")[] {
  if (result.replies.length > 0) return result.replies.map(({ status }) => status);
  if (result.ended === "left" || result.ended === "refused") return [result.ended];
  return [result.ended === "timeout" ? "silent" : "closed"];
}

/** Runs one request and lists everything that is wrong with what came back; an empty list is a pass. */
export async function runHostileRequest(port: number, request: HostileRequest): Promise<string[]> {
  const result = await exchange(port, request.steps(), request);
  const faults = result.replies.flatMap((reply) => faultsOfReply(reply));
  for (const outcome of new Set(outcomesOf(result))) {
    if (outcome === "refused" || !request.expect.has(outcome)) {
      faults.push(`${outcome} instead of ${[...request.expect].join(" or ")}`);
    }
  }
  if (result.surplusBytes > 0 && result.ended === "closed") faults.push(`${result.surplusBytes} bytes are no reply`);
  const other = request.check?.(result);
  if (other !== undefined) faults.push(other);
  return [...new Set(faults)];
}

/** Scrapes the page as an honest client would and lists everything that is wrong with it. */
export async function runGoodScrape(port: number): Promise<string[]> {
  return runHostileRequest(port, {
    name: "a good scrape",
    steps: () => [`GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`],
    expect: new Set([200]),
    check: ({ replies: [reply] }) =>
      /^(?:text\/plain|application\/openmetrics-text)/.test(
        reply === undefined ? "" : (headerOf(reply, "content-type") ?? ""),
      )
        ? undefined
        : "no page",
  });
}
