import { headerOf } from "./raw-http.ts";
import type { HostileRequest, Outcome } from "./hostile-requests.ts";
import type { RawExchange } from "./raw-http.ts";

function lines(name: string, text: string, ...expect: readonly Outcome[]): HostileRequest {
  return {
    name,
    steps: () => [`GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n${text}Connection: close\r\n\r\n`],
    expect: new Set(expect),
  };
}

function accept(value: string, ...expect: readonly Outcome[]): HostileRequest {
  const shown = value.length > 60 ? `${value.slice(0, 40)}… (${value.length})` : value;
  return { ...lines(`Accept ${shown}`, `Accept: ${value}\r\n`, ...expect), check: isQuick };
}

function encoding(value: string, isGzip: boolean | undefined): HostileRequest {
  const shown = value.length > 60 ? `${value.slice(0, 40)}… (${value.length})` : value;
  return {
    ...lines(`Accept-Encoding ${shown}`, `Accept-Encoding: ${value}\r\n`, 200, 406),
    check: (result) => checkEncoding(result, isGzip) ?? isQuick(result),
  };
}

function checkEncoding({ replies: [reply] }: RawExchange, isGzip: boolean | undefined): string | undefined {
  if (reply?.status !== 200) return undefined;
  const used = headerOf(reply, "content-encoding") ?? "identity";
  if (used !== "gzip" && used !== "identity") return `Content-Encoding ${used}`;
  return used === "gzip" && isGzip === false ? "gzip was not accepted" : undefined;
}

function isQuick({ elapsedMs }: RawExchange): string | undefined {
  return elapsedMs > 2000 ? `took ${Math.round(elapsedMs)} ms` : undefined;
}

const manyHeaders = Array.from({ length: 2000 }, (_, index) => `h${index}:1\r\n`).join("");

const sizes: readonly HostileRequest[] = [
  lines("a header of 17 KB", `X-Long: ${"x".repeat(17_408)}\r\n`, 400, 431, "closed"),
  lines("a header of 1 MB", `X-Long: ${"x".repeat(1_048_576)}\r\n`, 400, 431, "closed"),
  lines("a header name of 17 KB", `${"x".repeat(17_408)}: 1\r\n`, 400, 431, "closed"),
  lines("2,000 headers", manyHeaders, 200, 400, 431, "closed"),
  lines("100,000 headers", "a:1\r\n".repeat(100_000), 400, 431, "closed"),
  {
    name: "2,000 headers before the Host",
    steps: () => [`GET /metrics HTTP/1.1\r\n${manyHeaders}Host: evil.example\r\nConnection: close\r\n\r\n`],
    expect: new Set<Outcome>([400, 403, 431, "closed"]),
  },
  {
    name: "a foreign Host after 2,000 headers",
    steps: () => [
      `GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n${manyHeaders}Host: evil.example\r\nConnection: close\r\n\r\n`,
    ],
    expect: new Set<Outcome>([200, 400, 403, 431, "closed"]),
  },
];

const syntax: readonly HostileRequest[] = [
  lines("NUL in a header value", "X-Odd: a\0b\r\n", 400, "closed"),
  lines("a bare CR in a header value", "X-Odd: a\rb\r\n", 400, "closed"),
  lines("a bare LF in a header value", "X-Odd: a\nX-Canary: b\r\n", 200, 400, "closed"),
  lines("a control character in a header value", "X-Odd: a\x01b\r\n", 200, 400, "closed"),
  lines("DEL in a header value", "X-Odd: a\x7Fb\r\n", 200, 400, "closed"),
  lines("Latin-1 in a header value", "X-Odd: \x80\xE9\xFF\r\n", 200, 400),
  lines("NUL in a header name", "X\0Odd: a\r\n", 400, "closed"),
  lines("a blank in a header name", "X Odd: a\r\n", 400, "closed"),
  lines("a header name of Latin-1", "X-\xE9: a\r\n", 400, "closed"),
  lines("an empty header name", ": a\r\n", 400, "closed"),
  lines("a header without a colon", "canary\r\n", 400, "closed"),
  lines("a folded header", "X-Odd: a\r\n b\r\n", 200, 400, "closed"),
  lines("a header named __proto__", "__proto__: a\r\nconstructor: b\r\n", 200),
  lines("X-HTTP-Method-Override", "X-HTTP-Method-Override: DELETE\r\nX-Method-Override: PUT\r\n", 200),
  lines("a Range", "Range: bytes=0-1,5-,-1\r\n", 200, 416),
  lines("If-None-Match", "If-None-Match: *\r\nIf-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n", 200),
  lines("a scrape timeout of garbage", "X-Prometheus-Scrape-Timeout-Seconds: NaN\r\n", 200, 400),
  lines("a scrape timeout below zero", "X-Prometheus-Scrape-Timeout-Seconds: -1e309\r\n", 200, 400),
  {
    name: "line feeds only",
    steps: () => ["GET /metrics HTTP/1.1\nHost: 127.0.0.1\nConnection: close\n\n"],
    expect: new Set<Outcome>([200, 400, "closed"]),
  },
  {
    name: "blank lines before the request",
    steps: () => ["\r\n\r\n\r\nGET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"],
    expect: new Set<Outcome>([200, 400, "closed"]),
  },
];

const accepts: readonly HostileRequest[] = [
  accept("", 200, 406),
  accept("*/*", 200),
  accept("*/*;q=0", 200, 406),
  accept("text/plain;q=0", 200, 406),
  accept("application/openmetrics-text;q=0,text/plain;q=0", 200, 406),
  accept("image/png", 200, 406),
  accept("/", 200, 406),
  accept(";;;;,,,,", 200, 406),
  accept("text", 200, 406),
  accept("text/plain;q=NaN", 200, 406),
  accept("text/plain;q=1e999,application/openmetrics-text;q=-1", 200, 406),
  accept("text/plain;q=0x1", 200, 406),
  accept("application/openmetrics-text;version=99.0.0", 200, 406),
  accept('application/openmetrics-text;version="1.0.0', 200, 406),
  accept("application/openmetrics-text;version=1.0.0;version=0.0.1;q=1;q=0", 200, 406),
  accept("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", 200, 406),
  accept("__proto__/constructor;toString=1", 200, 406),
  accept("\xE9\xFF/\x80", 200, 400, 406),
  accept(",".repeat(8192), 200, 406),
  accept("text/plain;".repeat(700), 200, 406),
  accept(`text/plain;q=${"0".repeat(8192)}`, 200, 406),
  accept(`text/plain${" ".repeat(8192)};q=1`, 200, 406),
  accept(Array.from({ length: 500 }, (_, index) => `a/b${index};q=0.${index}`).join(), 200, 406),
  lines("Accept three times", "Accept: a/b\r\nAccept: text/plain\r\nAccept: */*;q=0\r\n", 200, 406),
  encoding("", false),
  encoding("gzip", true),
  encoding("GZIP;Q=0", false),
  encoding("gzip;q=0", false),
  encoding("gzip;q=0.000", false),
  encoding("gzip;q=0,*;q=1", false),
  encoding("identity;q=0", undefined),
  encoding("*;q=0", false),
  encoding("*", undefined),
  encoding("br, zstd, deflate, compress", false),
  encoding("x-gzip", undefined),
  encoding("notgzip, gzipped", false),
  encoding("gzip;q=NaN", undefined),
  encoding("gzip, ".repeat(1500), undefined),
  encoding(`gzip${" ".repeat(8192)};q=0`, false),
];

const authorizations: readonly HostileRequest[] = [
  lines("Authorization empty", "Authorization:\r\n", 200),
  lines("Authorization of garbage", "Authorization: Basic !!!canary\r\n", 200),
  lines("Authorization of 8 KB", `Authorization: Bearer ${"x".repeat(8192)}\r\n`, 200),
  lines("Cookie of 8 KB", `Cookie: canary=${"x".repeat(8192)}\r\n`, 200),
];

/** Requests whose header fields are the attack. */
export const hostileHeaders: readonly HostileRequest[] = [...sizes, ...syntax, ...accepts, ...authorizations];
