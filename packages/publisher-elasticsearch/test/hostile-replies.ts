import type { FaultReply, FaultRequest, FaultScript } from "@eventmeter/testkit";
import { brotliCompressSync, gunzipSync, gzipSync } from "node:zlib";

/** One way in which a server goes wrong. */
export interface HostileCase {
  readonly title: string;
  readonly script: FaultScript;
  /** Whether it answers with what it was sent. */
  readonly echoes: boolean;
}

/** Answers the question what a server is, which every start asks. */
export const ELASTICSEARCH: FaultReply = {
  body: JSON.stringify({ version: { number: "9.5.3" } }),
  headers: { "x-elastic-product": "Elasticsearch", "content-type": "application/json" },
};

/** Lets the first request find an Elasticsearch, so that the script is for those behind it. */
export function onceStarted(script: FaultScript): FaultScript {
  if (typeof script === "function") return (request, index) => (index === 0 ? ELASTICSEARCH : script(request, index));
  return [ELASTICSEARCH, ...Array.from({ length: 50 }, () => script as FaultReply)];
}

const PRODUCT = { "x-elastic-product": "Elasticsearch" };
const STATUSES = [200, 400, 401, 403, 404, 405, 406, 408, 413, 415, 429, 500, 502, 503, 504, 530];

/** Gives all that a server was sent, in clear. */
export function echoOf({ method, path, headers, body }: FaultRequest): string {
  const plain = headers["content-encoding"] === "gzip" && body.length > 0 ? gunzipSync(body) : body;
  const credentials = Buffer.from(headers["authorization"]?.replace(/^\w+ /, "") ?? "", "base64").toString("latin1");
  return `${method} ${path}\n${JSON.stringify(headers)}\n${credentials}\n${Buffer.from(plain).toString("utf8")}`;
}

type Form = (request: FaultRequest, status: number) => FaultReply;

/** Answers that repeat what was asked, in each form that somebody between here and there may give them. */
const FORMS: Readonly<Record<string, Form>> = {
  "an error of Elasticsearch's": (request, status) => {
    const reason = echoOf(request);
    const error = { type: "some_exception", reason, root_cause: [{ type: "some_exception", reason }] };
    return json({ error: { ...error, caused_by: { type: reason, reason } }, status });
  },
  "an error of which the type is a word of the document": (request, status) => {
    const type = /canary_\w+/.exec(echoOf(request))?.[0] ?? "canary";
    return json({ error: { type, reason: type }, status, version: { number: type } });
  },
  "JSON that names no product": (request) => ({
    ...json({ error: echoOf(request), message: echoOf(request) }),
    headers: {},
  }),
  text: (request) => ({ body: echoOf(request), headers: { ...PRODUCT, "content-type": "text/plain" } }),
  HTML: (request) => ({
    body: `<html><title>${echoOf(request)}</title><p>${encodeURI(echoOf(request))}</p></html>`,
    headers: { "content-type": "text/html", server: "nginx" },
  }),
  headers: (request) => {
    const { authorization = "none", "x-tenant": tenant = "none" } = request.headers;
    return {
      headers: {
        ...PRODUCT,
        warning: `299 Elasticsearch-9.5.3 "${authorization} ${tenant}"`,
        "www-authenticate": authorization,
        "retry-after": authorization,
        "set-cookie": [authorization, tenant],
        "content-type": tenant,
        "x-opaque-id": authorization,
      },
    };
  },
};

function json(body: unknown): FaultReply {
  return { body: JSON.stringify(body), headers: { ...PRODUCT, "content-type": "application/json" } };
}

const echoes: readonly HostileCase[] = STATUSES.flatMap((status) =>
  Object.entries(FORMS).map(([form, make]) => ({
    title: `${status} with ${form}`,
    script: (request: FaultRequest) => ({ ...make(request, status), status }),
    echoes: true,
  })),
);

const redirects: readonly HostileCase[] = [301, 302, 303, 307, 308].map((status) => ({
  title: `${status} with the credentials in its Location`,
  script: (request) => {
    const { authorization = "", "x-tenant": tenant = "" } = request.headers;
    const search = new URLSearchParams({ authorization, tenant }).toString();
    return { status, headers: { ...PRODUCT, location: `http://127.0.0.1:9/?${search}` }, body: echoOf(request) };
  },
  echoes: true,
}));

/** Answers of a bulk request of which the items repeat their documents. */
const partials: readonly HostileCase[] = [400, 403, 404, 409, 429, 500].map((status) => ({
  title: `items with ${status} that repeat their documents`,
  script: (request) => {
    const reason = echoOf(request);
    const type = /canary_\w+/.exec(reason)?.[0] ?? reason;
    const item = { _id: reason, _index: reason, status, error: { type, reason, caused_by: { type, reason } } };
    const items = Array.from({ length: (Buffer.from(request.body).toString().split("\n").length - 1) / 2 }, () => ({
      create: item,
    }));
    return json({ errors: true, items });
  },
  echoes: true,
}));

const wrongProduct: HostileCase = {
  title: "a product that is the credentials",
  script: (request) => ({
    body: echoOf(request),
    headers: { "x-elastic-product": request.headers["authorization"] ?? "none" },
  }),
  echoes: true,
};

const bomb = Buffer.alloc(16 * 2 ** 20, " ");
const bombs: readonly HostileCase[] = (
  [
    ["gzip", gzipSync(bomb)],
    ["br", brotliCompressSync(bomb, { params: { 1: 1 } })],
    ["gzip, gzip", gzipSync(gzipSync(bomb))],
  ] as const
).flatMap(([encoding, body]) =>
  [200, 500].map((status) => ({
    title: `${status} with a bomb in ${encoding}`,
    script: { status, body, headers: { ...PRODUCT, "content-encoding": encoding, "content-type": "application/json" } },
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
    { fault: "endless-body", headers: PRODUCT },
  ] satisfies FaultReply[]
).map((script) => ({ title: JSON.stringify({ ...script, body: undefined }), script, echoes: false }));

/** Everything that is tried. */
export const hostileCases: readonly HostileCase[] = [
  ...broken,
  ...bombs,
  wrongProduct,
  ...redirects,
  ...partials,
  ...echoes,
];
