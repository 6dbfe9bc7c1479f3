import type { HostileRequest, Outcome } from "./hostile-requests.ts";
import type { RawExchange, RawStep } from "./raw-http.ts";

function request(method: string, headers: string, ...body: readonly RawStep[]): readonly RawStep[] {
  return [`${method} /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n`, ...body];
}

function framing(name: string, headers: string, body: string, ...expect: readonly Outcome[]): HostileRequest {
  return {
    name: `framing ${name}`,
    steps: () => request("POST", `${headers}Connection: close\r\n`, body),
    expect: new Set(expect),
  };
}

function isAnsweredOnce({ replies }: RawExchange): string | undefined {
  return replies.length > 1 ? "a body was read as a request" : undefined;
}

function isNotSwitched({ text }: RawExchange): string | undefined {
  return text.includes(" 101 ") ? "the protocol was switched" : undefined;
}

const smuggled = "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

/** Requests whose body, framing or wish for another protocol is the attack. */
export const hostileBodies: readonly HostileRequest[] = [
  framing(
    "Content-Length and chunked",
    "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "0\r\n\r\n",
    400,
    "closed",
  ),
  framing(
    "chunked and Content-Length",
    "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    "0\r\n\r\n",
    400,
    "closed",
  ),
  framing("two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n", "hello", 400, "closed"),
  framing("a list of lengths", "Content-Length: 5, 5\r\n", "hello", 400, 405, "closed"),
  framing("a negative length", "Content-Length: -1\r\n", "", 400, "closed"),
  framing("a signed length", "Content-Length: +5\r\n", "hello", 400, "closed"),
  framing("a hexadecimal length", "Content-Length: 0x5\r\n", "hello", 400, "closed"),
  framing("an empty length", "Content-Length:\r\n", "", 400, 405, "closed"),
  framing("a length beyond 64 bits", "Content-Length: 99999999999999999999999\r\n", "", 400, 405, 413, "closed"),
  framing("an unknown coding", "Transfer-Encoding: canary\r\n", "", 400, 405, 501, "closed"),
  framing("chunked twice", "Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n", 400, 405, "closed"),
  framing("chunked not last", "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n", 400, 405, 501, "closed"),
  framing("a blank before the colon", "Transfer-Encoding : chunked\r\n", "0\r\n\r\n", 400, "closed"),
  framing("a bad chunk size", "Transfer-Encoding: chunked\r\n", "zz\r\n", 400, 405, "closed"),
  framing(
    "a chunk size beyond 64 bits",
    "Transfer-Encoding: chunked\r\n",
    "fffffffffffffffffff\r\n",
    400,
    405,
    "closed",
  ),
  framing("a chunk longer than said", "Transfer-Encoding: chunked\r\n", "1\r\nabc\r\n0\r\n\r\n", 400, 405, "closed"),
  framing(
    "200 KB of trailers",
    "Transfer-Encoding: chunked\r\n",
    `0\r\n${"a:1\r\n".repeat(40_000)}\r\n`,
    400,
    405,
    413,
    431,
    "closed",
  ),
  framing(
    "1 MB of chunk extension",
    "Transfer-Encoding: chunked\r\n",
    `1;${"a".repeat(1_048_576)}\r\na\r\n0\r\n\r\n`,
    400,
    405,
    413,
    "closed",
  ),
  {
    name: "framing chunk extensions on GET, 64 KB each",
    steps: () =>
      request(
        "GET",
        "Transfer-Encoding: chunked\r\n",
        ...Array.from({ length: 16 }, () => `1;${"a".repeat(65_536)}\r\na\r\n`),
      ),
    expect: new Set<Outcome>([200, 400, 413, "closed"]),
  },
  {
    name: "framing 20,000 tiny chunks on GET",
    steps: () =>
      request(
        "GET",
        "Transfer-Encoding: chunked\r\nConnection: close\r\n",
        `${"1;a=b\r\na\r\n".repeat(20_000)}0\r\n\r\n`,
      ),
    expect: new Set<Outcome>([200, 400, 413, "closed"]),
  },
  {
    name: "body of 1 GB declared with GET and not sent",
    steps: () => request("GET", "Content-Length: 1073741824\r\n"),
    expect: new Set<Outcome>([200, 400, 413, "closed"]),
  },
  {
    name: "body of 1 GB declared with POST and begun",
    steps: () => request("POST", "Content-Length: 1073741824\r\n", "x".repeat(65_536)),
    expect: new Set<Outcome>([400, 405, 413, "closed"]),
  },
  {
    name: "body of 4 MB with POST",
    steps: () => request("POST", "Content-Length: 4194304\r\nConnection: close\r\n", "x".repeat(4_194_304)),
    expect: new Set<Outcome>([400, 405, 413, "closed"]),
  },
  {
    name: "body that looks like a request",
    steps: () => request("GET", `Content-Length: ${smuggled.length}\r\nConnection: close\r\n`, smuggled),
    replies: 2,
    expect: new Set<Outcome>([200, 400, 413]),
    check: isAnsweredOnce,
  },
  {
    name: "body after Content-Length 0",
    steps: () => request("GET", "Content-Length: 0\r\nConnection: close\r\n", "canary\r\n\r\n"),
    expect: new Set<Outcome>([200, 400]),
  },
  {
    name: "Expect: 100-continue with GET",
    steps: () => request("GET", "Expect: 100-continue\r\nConnection: close\r\n"),
    expect: new Set<Outcome>([200, 400, 417]),
  },
  {
    name: "Expect: 100-continue with POST",
    steps: () => request("POST", "Expect: 100-continue\r\nContent-Length: 1073741824\r\nConnection: close\r\n"),
    expect: new Set<Outcome>([400, 405, 413, 417]),
  },
  {
    name: "Expect: canary",
    steps: () => request("GET", "Expect: canary\r\nConnection: close\r\n"),
    expect: new Set<Outcome>([200, 400, 417]),
  },
  {
    name: "Upgrade: h2c",
    steps: () =>
      request(
        "GET",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n",
      ),
    expect: new Set<Outcome>([200, 400, 426, 501, "closed"]),
    check: isNotSwitched,
  },
  {
    name: "Upgrade: websocket",
    steps: () =>
      request(
        "GET",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
      ),
    expect: new Set<Outcome>([200, 400, 426, 501, "closed"]),
    check: isNotSwitched,
  },
  {
    name: "Upgrade with POST and a body",
    steps: () => request("POST", "Connection: Upgrade\r\nUpgrade: canary\r\nContent-Length: 5\r\n", "hello"),
    expect: new Set<Outcome>([400, 405, 426, 501, "closed"]),
    check: isNotSwitched,
  },
];
