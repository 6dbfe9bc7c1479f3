import type { HostileRequest, Outcome } from "./hostile-requests.ts";

const get = "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n";
const scrape = `${get}\r\n`;

/** A TLS 1.2 record with the beginning of a ClientHello. */
const clientHello = Buffer.from("16030100c8010000c40303" + "ab".repeat(32) + "00".repeat(160), "hex");

/** A server must have cut a client that never completes its request after 10 s; the rest is for slow machines. */
const cutTimeoutMs = 11_000;

function raw(name: string, bytes: string | Uint8Array, ...expect: readonly Outcome[]): HostileRequest {
  return { name, steps: () => [bytes], expect: new Set(expect) };
}

/** A client that sends part of a request and then nothing: the server must end it by itself. */
function silent(name: string, bytes: string): HostileRequest {
  return { name, steps: () => [bytes], timeoutMs: cutTimeoutMs, expect: new Set<Outcome>([408, "closed"]) };
}

const protocols: readonly HostileRequest[] = [
  raw("a TLS hello on the plain port", clientHello, 400, "closed"),
  raw("an HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", 400, 405, 505, "closed"),
  raw("HTTP/0.9 without headers", "GET /metrics\r\n\r\n", 400, 403, 505, "closed"),
  raw("an SSH banner", "SSH-2.0-canary\r\n", 400, "closed"),
  raw("a SOCKS greeting", "\x05\x01\x00\x05\x01\x00\x01\x7F\0\0\x01\0\x50", 400, "closed"),
  raw("1 MB of NUL", new Uint8Array(1_048_576), 400, 431, "closed"),
  raw("1 MB of one word", "a".repeat(1_048_576), 400, 431, "closed"),
  raw(
    "64 KB of random bytes",
    Buffer.from(Array.from({ length: 65_536 }, (_, at) => (at * 7919 + 101) % 251)),
    400,
    431,
    "closed",
  ),
];

const pipelines: readonly HostileRequest[] = [
  {
    name: "1,000 pipelined requests",
    steps: () => [scrape.repeat(1000)],
    replies: 1000,
    timeoutMs: 20_000,
    expect: new Set([200, 503]),
    check: ({ replies, ended }) =>
      replies.length === 1000 || ended === "closed" || ended === "reset" ? undefined : `${replies.length} replies`,
  },
  {
    name: "a bad request behind 10 pipelined good ones",
    steps: () => [`${scrape.repeat(10)}canary\r\n\r\n`],
    replies: 11,
    expect: new Set([200, 400]),
  },
  {
    name: "10,000 distinct Accept headers",
    steps: function* () {
      const head = scrape.replace("GET", "HEAD").slice(0, -2);
      for (let from = 0; from < 10_000; from += 500) {
        yield Array.from(
          { length: 500 },
          (_, at) => `${head}Accept: a/b${from + at};q=0.5,text/plain;x=${at}\r\n\r\n`,
        ).join("");
      }
    },
    head: true,
    replies: 10_000,
    timeoutMs: 30_000,
    expect: new Set([200, 406, 503]),
    check: ({ replies, ended }) =>
      replies.length === 10_000 || ended === "closed" || ended === "reset" ? undefined : `${replies.length} replies`,
  },
];

const unfinished: readonly HostileRequest[] = [
  silent("no byte at all", ""),
  silent("half a request line, then silence", "GET /met"),
  silent("half a header, then silence", "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Ha"),
  {
    name: "a header that drips without end",
    steps: () => [`${get}X-Slow: `, { drip: "x".repeat(1000), sliceBytes: 1, everyMs: 100 }],
    timeoutMs: cutTimeoutMs,
    expect: new Set<Outcome>([408, "closed"]),
  },
  {
    name: "a good request in slices",
    steps: () => [{ drip: `${get}Connection: close\r\n\r\n`, sliceBytes: 7, everyMs: 5 }],
    expect: new Set<Outcome>([200]),
  },
];

const leaving: readonly HostileRequest[] = [
  {
    name: "half-close after the request",
    steps: () => [scrape, { halfClose: true }],
    expect: new Set<Outcome>([200]),
  },
  {
    name: "half-close inside the request",
    steps: () => [get, { halfClose: true }],
    expect: new Set<Outcome>([400, "closed"]),
  },
  { name: "half-close at once", steps: () => [{ halfClose: true }], expect: new Set<Outcome>([400, "closed"]) },
  { name: "reset at once", steps: () => [{ reset: true }], expect: new Set<Outcome>(["left"]) },
  {
    name: "reset inside the request",
    steps: () => [get, { waitMs: 20 }, { reset: true }],
    expect: new Set<Outcome>(["left"]),
  },
  {
    name: "reset right after the request",
    steps: () => [scrape, { reset: true }],
    replies: 1000,
    expect: new Set<Outcome>([200, "left"]),
  },
  {
    name: "reset in the middle of the replies",
    steps: () => [scrape.repeat(200), { awaitBytes: 10 }, { reset: true }],
    replies: 1000,
    expect: new Set<Outcome>([200, "left"]),
  },
  {
    name: "reset inside a body",
    steps: () => [`${get.replace("GET", "POST")}Content-Length: 100000\r\n\r\n`, "x".repeat(1000), { reset: true }],
    replies: 1000,
    expect: new Set<Outcome>([405, 413, "left"]),
  },
  {
    name: "a client that asks 1,000 times and never reads",
    steps: () => [scrape.repeat(1000), { waitMs: 1000 }, { reset: true }],
    read: false,
    expect: new Set<Outcome>(["closed", "left", "silent"]),
  },
];

/** Requests whose use of the connection is the attack. */
export const hostileConnections: readonly HostileRequest[] = [...protocols, ...pipelines, ...unfinished, ...leaving];
