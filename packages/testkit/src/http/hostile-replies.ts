// Replies that a publisher that pushes over HTTP has to survive.
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { FaultScript } from "./fault-server.ts";
import type { FaultReply } from "./fault-replies.ts";
import { echoOf, type FaultRequest } from "./fault-requests.ts";

/** One way in which a server, or a proxy in front of it, answers as it should not. */
export interface HostileReply {
  readonly name: string;
  /** For `createFaultServer`. */
  readonly script: FaultScript;
  /** Whether the reply repeats what was sent, credentials and records included. */
  readonly echoes: boolean;
}

/** Creates a reply that repeats a request, in a form of one backend. */
export type EchoForm = (request: FaultRequest, status: number) => FaultReply;

/** Options that make the replies look like those of a backend. */
export interface HostileReplyOptions {
  /** Content type of the backend's replies. @default "application/json" */
  readonly contentType?: string | undefined;
  /** Further headers of every reply that the backend itself could have sent. */
  readonly headers?: FaultReply["headers"];
  /** Headers of requests that hold a secret, in lower case, the most important one first. @default ["authorization"] */
  readonly credentials?: readonly string[] | undefined;
  /** Further forms in which the backend may repeat a request, by name; each comes with every status. */
  readonly forms?: Readonly<Record<string, EchoForm>> | undefined;
}

type Headers = NonNullable<FaultReply["headers"]>;

const REDIRECTS = [301, 302, 303, 307, 308];
const STATUSES = [200, 400, 401, 403, 404, 405, 406, 408, 413, 415, 422, 429, 500, 501, 502, 503, 504, 530];
const BOMB_BYTES = 16 * 2 ** 20;

/**
 * Returns replies that a publisher that pushes over HTTP has to survive without hanging, without holding much memory and
 * without showing a secret: broken connections, bodies that unpack to 16 MiB, redirects with the credentials in their
 * Location, and with every status replies that repeat the request as text, HTML, JSON and headers. Use a short timeout,
 * because some never end.
 */
export function hostileReplies(options: HostileReplyOptions = {}): readonly HostileReply[] {
  const { contentType = "application/json", credentials = ["authorization"], forms = {} } = options;
  const own: Headers = { ...options.headers };
  const typed: Headers = { ...own, "content-type": contentType };
  const secretsOf = (request: FaultRequest): readonly string[] =>
    credentials.flatMap((name) => request.headers[name] ?? []);
  const echoes = Object.entries({ ...echoForms(own, secretsOf), ...forms });
  return [
    ...brokenReplies(typed),
    ...bombs(typed),
    ...REDIRECTS.map((status) => redirect(status, own, credentials)),
    ...STATUSES.flatMap((status) => echoes.map(([form, make]) => echo(status, form, make))),
  ];
}

function echo(status: number, form: string, make: EchoForm): HostileReply {
  const script = (request: FaultRequest): FaultReply => ({ ...make(request, status), status });
  return { name: `${status} with ${form}`, script, echoes: true };
}

function echoForms(own: Headers, secretsOf: (request: FaultRequest) => readonly string[]): Record<string, EchoForm> {
  const first = (request: FaultRequest): string => secretsOf(request)[0] ?? "none";
  return {
    text: (request) => ({ headers: { ...own, "content-type": "text/plain" }, body: echoOf(request) }),
    // Such as a proxy in between sends.
    HTML: (request) => ({
      headers: { "content-type": "text/html", server: "nginx" },
      body: `<html><title>${echoOf(request)}</title><p>${encodeURI(echoOf(request))}</p></html>`,
    }),
    JSON(request) {
      const message = echoOf(request);
      const body = { code: message, message, error: message, errorMessage: message, details: [message] };
      return {
        headers: { ...own, "content-type": "application/json" },
        body: JSON.stringify({ ...body, traceID: message }),
      };
    },
    headers: (request) => ({
      headers: {
        ...own,
        warning: `299 - "${secretsOf(request).join(" ")}"`,
        "www-authenticate": first(request),
        "retry-after": first(request),
        "set-cookie": secretsOf(request),
        "content-type": first(request),
        "x-request-id": first(request),
        "x-trace-id": first(request),
      },
      body: "x",
    }),
    "a content type and encoding": (request) => ({
      headers: {
        ...own,
        "content-type": first(request),
        "content-encoding": secretsOf(request).at(-1) ?? "none",
      },
      body: "x",
    }),
  };
}

function redirect(status: number, own: Headers, credentials: readonly string[]): HostileReply {
  return {
    name: `${status} with the credentials in its Location`,
    script(request) {
      const search = new URLSearchParams(
        credentials.map((name): [string, string] => [name, request.headers[name] ?? ""]),
      );
      const location = `http://127.0.0.1:9/?${search.toString()}`;
      return { status, headers: { ...own, location }, body: echoOf(request) };
    },
    echoes: true,
  };
}

function bombs(typed: Headers): readonly HostileReply[] {
  const bomb = Buffer.alloc(BOMB_BYTES, " ");
  const zipped = gzipSync(bomb);
  const bodies: readonly (readonly [string, Buffer])[] = [
    ["gzip", zipped],
    ["br", brotliCompressSync(bomb, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
    ["gzip, gzip", gzipSync(zipped)],
  ];
  return bodies.flatMap(([encoding, body]) =>
    [200, 500].map((status) => ({
      name: `${status} with a bomb in ${encoding}`,
      script: { status, body, headers: { ...typed, "content-encoding": encoding } },
      echoes: false,
    })),
  );
}

function brokenReplies(typed: Headers): readonly HostileReply[] {
  const replies: Readonly<Record<string, FaultReply>> = {
    hang: { fault: "hang" },
    stall: { fault: "stall" },
    drip: { fault: "drip", body: "x".repeat(10_000) },
    reset: { fault: "reset" },
    "reset-in-headers": { fault: "reset-in-headers" },
    "reset-after-headers": { fault: "reset-after-headers", body: "x" },
    "cut-body": { fault: "cut-body", body: "x" },
    "reset-on-reuse": { fault: "reset-on-reuse" },
    flood: { fault: "flood" },
    early: { fault: "early" },
    "413 with early": { fault: "early", status: 413 },
    garbage: { fault: "garbage" },
    "endless-body": { fault: "endless-body" },
    "500 with endless-body": { fault: "endless-body", status: 500 },
    "endless-body in the backend's name": { fault: "endless-body", headers: typed },
  };
  return Object.entries(replies).map(([name, script]) => ({ name, script, echoes: false }));
}
