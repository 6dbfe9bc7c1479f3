import { brotliCompressSync, constants, gunzipSync, gzipSync } from "node:zlib";
import type { FaultReply, FaultRequest, FaultScript } from "@eventmeter/testkit";

/** One way in which a server goes wrong. */
export interface HostileCase {
  readonly title: string;
  readonly script: FaultScript;
  /** Whether it answers with what it was sent. */
  readonly echoes: boolean;
}

const STATUSES = [200, 400, 401, 403, 404, 405, 406, 408, 413, 415, 422, 429, 500, 501, 502, 503, 504, 530];
const PROTOBUF = { "content-type": "application/x-protobuf" };

/** Gives all that a server was sent, in clear. */
export function echoOf({ method, path, headers, body }: FaultRequest): string {
  const plain = headers["content-encoding"] === "gzip" && body.length > 0 ? gunzipSync(body) : body;
  const credentials = Buffer.from(headers["authorization"]?.replace(/^\w+ /, "") ?? "", "base64").toString("latin1");
  return `${method} ${path}\n${JSON.stringify(headers)}\n${credentials}\n${Buffer.from(plain).toString("utf8")}`;
}

/** Gives a text as a field of a protobuf message, behind `before`. */
function field(tag: number, content: Uint8Array, before: readonly number[] = []): Buffer {
  const length: number[] = [];
  for (let left = content.length; ; left >>>= 7) {
    if (left < 0x80) {
      length.push(left);
      break;
    }
    length.push((left & 0x7f) | 0x80);
  }
  return Buffer.concat([Buffer.from([...before, tag, ...length]), content]);
}

/** Answers that repeat what was asked, in each form that somebody between here and there may give them. */
const FORMS: Readonly<Record<string, (request: FaultRequest) => FaultReply>> = {
  JSON: (request) => {
    const message = echoOf(request);
    return json({
      code: message,
      message,
      error: message,
      errorMessage: message,
      details: [message],
      traceID: message,
    });
  },
  "known words in JSON": (request) =>
    json({
      code: 3,
      message: `err-mimir-max-series-per-user label value out of order invalid token ${echoOf(request)}`,
    }),
  "a partial success in JSON": (request) =>
    json({ partialSuccess: { rejectedDataPoints: "3", errorMessage: `max series ${echoOf(request)}` } }),
  "a status in protobuf": (request) => ({ headers: PROTOBUF, body: field(0x12, Buffer.from(echoOf(request)), [8, 3]) }),
  "a partial success in protobuf": (request) => ({
    headers: PROTOBUF,
    body: field(0x0a, field(0x12, Buffer.from(`label ${echoOf(request)}`), [8, 3])),
  }),
  text: (request) => ({ headers: { "content-type": "text/plain" }, body: echoOf(request) }),
  HTML: (request) => ({
    headers: { "content-type": "text/html", server: "nginx" },
    body: `<html><title>${echoOf(request)}</title><p>${encodeURI(echoOf(request))}</p></html>`,
  }),
  headers: ({ headers: { authorization = "none", "x-tenant": tenant = "none" } }) => ({
    headers: {
      warning: `299 - "${authorization} ${tenant}"`,
      "www-authenticate": authorization,
      "retry-after": authorization,
      "set-cookie": [authorization, tenant],
      "content-type": authorization,
      "content-encoding": tenant,
      "x-trace-id": authorization,
    },
    body: "x",
  }),
  // As a list of stacks: names that are the credentials.
  names: ({ headers: { authorization = "none" } }) => {
    const name = authorization.replace(/^\w+ /, "").replace(/=+$/, "");
    const stacks = [1, 2].map((id) => ({ id, slug: name, status: name, regionSlug: name, clusterSlug: name }));
    return json({ items: stacks, pages: 1, otlp: { url: `https://${name}@x.example` }, otlpHttpUrl: name });
  },
};

function json(body: unknown): FaultReply {
  return { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
}

const echoes: readonly HostileCase[] = STATUSES.flatMap((status) =>
  Object.entries(FORMS).map(([form, make]) => ({
    title: `${status} with ${form}`,
    script: (request: FaultRequest) => ({ ...make(request), status }),
    echoes: true,
  })),
);

const redirects: readonly HostileCase[] = [301, 302, 303, 307, 308].map((status) => ({
  title: `${status} with the credentials in its Location`,
  script: (request) => {
    const { authorization = "", "x-tenant": tenant = "" } = request.headers;
    const search = new URLSearchParams({ authorization, tenant }).toString();
    return { status, headers: { location: `http://127.0.0.1:9/?${search}` }, body: echoOf(request) };
  },
  echoes: true,
}));

const bomb = Buffer.alloc(16 * 2 ** 20, " ");
const bombs: readonly HostileCase[] = (
  [
    ["gzip", gzipSync(bomb)],
    ["br", brotliCompressSync(bomb, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
    ["gzip, gzip", gzipSync(gzipSync(bomb))],
  ] as const
).flatMap(([encoding, body]) =>
  [200, 500].map((status) => ({
    title: `${status} with a bomb in ${encoding}`,
    script: { status, body, headers: { ...PROTOBUF, "content-encoding": encoding } },
    echoes: false,
  })),
);

const broken: readonly HostileCase[] = (
  [
    { fault: "hang" },
    { fault: "stall" },
    { fault: "drip", body: "x".repeat(10_000) },
    { fault: "reset" },
    { fault: "reset-in-headers" },
    { fault: "reset-after-headers", body: "x" },
    { fault: "cut-body", body: "x" },
    { fault: "reset-on-reuse" },
    { fault: "flood" },
    { fault: "early" },
    { fault: "early", status: 413 },
    { fault: "garbage" },
    { fault: "endless-body" },
    { fault: "endless-body", status: 500 },
    { fault: "endless-body", headers: PROTOBUF },
  ] satisfies FaultReply[]
).map((script) => ({ title: JSON.stringify({ ...script, body: undefined }), script, echoes: false }));

/** Everything that is tried. */
export const hostileCases: readonly HostileCase[] = [...broken, ...bombs, ...redirects, ...echoes];
