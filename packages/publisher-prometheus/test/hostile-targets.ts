import { headerOf } from "./raw-http.ts";
import type { HostileRequest, Outcome } from "./hostile-requests.ts";
import type { RawExchange } from "./raw-http.ts";

const tail = "Host: 127.0.0.1\r\nConnection: close\r\n\r\n";

function target(name: string, value: string, ...expect: readonly Outcome[]): HostileRequest {
  return { name: `target ${name}`, steps: () => [`GET ${value} HTTP/1.1\r\n${tail}`], expect: new Set(expect) };
}

function method(name: string, ...expect: readonly Outcome[]): HostileRequest {
  return { name: `method ${name}`, steps: () => [`${name} /metrics HTTP/1.1\r\n${tail}`], expect: new Set(expect) };
}

function protocol(name: string, line: string, ...expect: readonly Outcome[]): HostileRequest {
  return { name: `protocol ${name}`, steps: () => [`${line}\r\n${tail}`], expect: new Set(expect) };
}

function isSmallPage({ replies: [reply] }: RawExchange): string | undefined {
  if (reply === undefined || !(headerOf(reply, "content-type") ?? "").startsWith("text/html")) return "no HTML page";
  return reply.body.length > 2048 ? `${reply.body.length} bytes` : undefined;
}

function hasNoBody({ text }: RawExchange): string | undefined {
  return text.endsWith("\r\n\r\n") && text.indexOf("\r\n\r\n") === text.length - 4 ? undefined : "a body after HEAD";
}

const targets: readonly HostileRequest[] = [
  { ...target("/", "/", 200), check: isSmallPage },
  target("empty", "", 400, "closed"),
  target("bare //", "//", 400, 404),
  target("///", "///", 400, 404),
  target("//metrics", "//metrics", 400, 404),
  target("//evil.example/metrics", "//evil.example/metrics", 400, 404),
  target("http://[::bad", "http://[::bad", 400, 403, 404),
  target("http://", "http://", 400, 403, 404),
  target("http:///metrics", "http:///metrics", 400, 403, 404),
  target("http:", "http:", 400, 404),
  target("http://[", "http://[/metrics", 400, 403, 404),
  target("http://a:99999/metrics", "http://a:99999/metrics", 400, 403, 404),
  target("absolute on loopback", "http://127.0.0.1:9464/metrics?x=1", 200),
  target("absolute in capitals", "HTTPS://LOCALHOST/metrics/", 200),
  target("absolute without a path", "http://localhost", 200),
  target("absolute on a foreign host", "http://evil.example/metrics", 403),
  target("absolute with credentials", "http://canary:canary@127.0.0.1/metrics", 403),
  target("absolute with two paths", "http://127.0.0.1//metrics", 404),
  target("javascript:", "javascript:alert(1)", 400, 404),
  target("file:", "file:///etc/passwd", 400, 403, 404),
  target("*", "*", 400, 404),
  target("%zz", "%zz", 400, 404),
  target("/%zz", "/%zz", 400, 404),
  target("/%", "/%", 400, 404),
  target("/%00", "/%00", 400, 404),
  target("/metrics%00", "/metrics%00", 400, 404),
  target("/metrics%", "/metrics%", 400, 404),
  target("/metrics%0d%0aX:1", "/metrics%0d%0aX-Canary:1", 400, 404),
  target("NUL", "/metrics\0", 400, "closed"),
  target("Latin-1", "/m\xE9trics", 400, 404),
  target("/metrics/", "/metrics/", 200),
  target("/metrics//", "/metrics//", 404),
  target("/Metrics", "/Metrics", 404),
  target("/METRICS", "/METRICS", 404),
  target("/%6detrics", "/%6detrics", 200, 404),
  target("/../metrics", "/../metrics", 200, 400, 404),
  target("/./metrics", "/./metrics", 200, 400, 404),
  target("/metrics/..", "/metrics/..", 200, 400, 404),
  target("/..%2fmetrics", "/..%2fmetrics", 400, 404),
  target("/%2e%2e/metrics", "/%2e%2e/metrics", 200, 400, 404),
  target("/../../etc/passwd", "/../../etc/passwd", 400, 404),
  target("/\\metrics", "/\\metrics", 400, 404),
  target("\\metrics", "\\metrics", 400, 404, "closed"),
  target("/metrics;x", "/metrics;x", 404),
  target("/metrics.json", "/metrics.json", 404),
  target("/metrics?x", "/metrics?x", 200),
  target("/metrics?", "/metrics?", 200),
  target("/metrics??/", "/metrics??/../", 200),
  target("/metrics?%zz", "/metrics?%zz=%", 200),
  target("/metrics?__proto__", "/metrics?__proto__[a]=1&constructor=2", 200),
  target("/metrics#x", "/metrics#x", 200, 400, 404),
  target("/metrics?10 KB", `/metrics?${"x".repeat(10_240)}`, 200, 414),
  target("10 KB", `/${"x".repeat(10_240)}`, 404, 414),
  target("64 KB", `/${"x".repeat(65_536)}`, 400, 414, 431, "closed"),
  target("/metrics?64 KB", `/metrics?${"x".repeat(65_536)}`, 400, 414, 431, "closed"),
  target("64 KB of slashes", "/".repeat(65_536), 400, 414, 431, "closed"),
  target("10 KB of ../", `${"/..".repeat(3400)}/metrics`, 200, 400, 404, 414),
  target("/__proto__", "/__proto__", 404),
  target("/constructor", "/constructor", 404),
  target("/favicon.ico", "/favicon.ico", 404),
  target("with a script", "/<script>canary</script>", 400, 404),
  target("with a space", "/metrics canary", 400, "closed"),
];

const methods: readonly HostileRequest[] = [
  { ...method("HEAD", 200), head: true, replies: 2, check: hasNoBody },
  method("POST", 405),
  method("PUT", 405),
  method("DELETE", 405),
  method("PATCH", 405),
  method("OPTIONS", 405),
  method("TRACE", 405),
  method("PROPFIND", 405),
  method("PURGE", 405),
  method("M-SEARCH", 405),
  method("CONNECT", 400, 404, 405, 501, "closed"),
  method("PRI", 400, 405, "closed"),
  method("get", 400, 405, 501, "closed"),
  method("Get", 400, 405, 501, "closed"),
  method("CANARY", 400, 405, 501, "closed"),
  method("GET\t", 400, "closed"),
  method("__proto__", 400, 405, 501, "closed"),
  protocol("POST to an unknown path", "POST /unknown HTTP/1.1", 404, 405),
  protocol("POST to /", "POST / HTTP/1.1", 404, 405),
  protocol("OPTIONS *", "OPTIONS * HTTP/1.1", 400, 404, 405),
  protocol("CONNECT with an authority", "CONNECT evil.example:443 HTTP/1.1", 400, 403, 404, 405, 501, "closed"),
  {
    name: "method TRACE repeats nothing",
    steps: () => [`TRACE /metrics HTTP/1.1\r\nX-Canary: canary\r\n${tail}`],
    expect: new Set([405]),
  },
  {
    name: "method OPTIONS as a CORS preflight",
    steps: () => [
      `OPTIONS /metrics HTTP/1.1\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: GET\r\n` +
        `Access-Control-Request-Private-Network: true\r\n${tail}`,
    ],
    expect: new Set([405]),
  },
];

const protocols: readonly HostileRequest[] = [
  protocol("HTTP/0.9", "GET /metrics", 200, 400, 403, 505, "closed"),
  protocol("HTTP/1.0 with Host", "GET /metrics HTTP/1.0", 200),
  protocol("HTTP/1.2", "GET /metrics HTTP/1.2", 200, 400, 505, "closed"),
  protocol("HTTP/2.0", "GET /metrics HTTP/2.0", 200, 400, 505, "closed"),
  protocol("HTTP/9.9", "GET /metrics HTTP/9.9", 400, 505, "closed"),
  protocol("HTTP/1.1.1", "GET /metrics HTTP/1.1.1", 400, 505, "closed"),
  protocol("http/1.1", "GET /metrics http/1.1", 400, 505, "closed"),
  protocol("ICE/1.0", "SOURCE /metrics ICE/1.0", 400, 405, 505, "closed"),
  protocol("RTSP/1.0", "DESCRIBE /metrics RTSP/1.0", 400, 405, 505, "closed"),
  protocol("two versions", "GET /metrics HTTP/1.1 HTTP/1.1", 400, "closed"),
];

/** Requests whose first line is the attack. */
export const hostileTargets: readonly HostileRequest[] = [...targets, ...methods, ...protocols];
