type Row = Pick<RequestFailure, "kind" | "code" | "message"> & Partial<RequestFailure>;

const PROXY_HINT = "check its host and port, and what stands between";
const PLAIN_HINT = "if it is always so, check its scheme (http or https) and its port";
const tls = (message: string, hint: string): Row => ({ kind: "hold", code: "tls", message, hint });

const UNTRUSTED = tls(
  "nobody that this machine trusts has signed the certificate of {}",
  "name the authority's file in NODE_EXTRA_CA_CERTS, or check what stands between",
);
const NO_TLS = tls("{} does not speak TLS", "check its scheme and port");
const CLOSED: Row = {
  kind: "retry",
  code: "broken-off",
  message: "{} closed the connection before it answered",
  hint: PLAIN_HINT,
};
const SILENT: Row = { kind: "retry", code: "timeout", message: "{} did not answer in time", hint: PROXY_HINT };
const UNREACHABLE: Row = { kind: "retry", code: "unreachable", message: "{} cannot be reached", hint: PROXY_HINT };
const NO_HTTP: Row = {
  kind: "retry",
  code: "not-otlp",
  message: "what {} answered is no HTTP",
  hint: "check its port: OTLP over HTTP has 4318, gRPC 4317",
};

/** Codes of Node.js, OpenSSL and its fetch: https://nodejs.org/api/errors.html, https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const ROWS: Readonly<Record<string, Row>> = {
  ENOTFOUND: {
    kind: "retry",
    code: "unknown-host",
    message: "the host of {} is not known",
    hint: "check its name, and the DNS of this machine",
    stale: true,
  },
  EAI_AGAIN: {
    kind: "retry",
    code: "unknown-host",
    message: "the host of {} could not be looked up",
    hint: "check the DNS of this machine",
    stale: true,
  },
  ECONNREFUSED: {
    kind: "retry",
    code: "connection-refused",
    message: "{} refused the connection",
    hint: "is it running, and are host and port right?",
  },
  ECONNRESET: CLOSED,
  EPIPE: CLOSED,
  UND_ERR_SOCKET: CLOSED,
  ERR_HTTP2_STREAM_ERROR: CLOSED,
  ETIMEDOUT: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  UND_ERR_CONNECT_TIMEOUT: UNREACHABLE,
  UND_ERR_HEADERS_TIMEOUT: SILENT,
  UND_ERR_BODY_TIMEOUT: SILENT,
  CERT_HAS_EXPIRED: tls(
    "the certificate of {} has expired",
    "check the clock of this machine, and what stands between",
  ),
  CERT_NOT_YET_VALID: tls("the certificate of {} is not valid yet", "check the clock of this machine"),
  ERR_TLS_CERT_ALTNAME_INVALID: tls("the certificate of {} is for another name", "check its host"),
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  EPROTO: NO_TLS,
};

const CODE = /^[A-Z][A-Z0-9_]{2,63}$/;
const TLS = /^(?:CERT_|ERR_TLS_|ERR_SSL_|CRL_)/;
const HTTP = /^(?:HPE_|UND_ERR_RES_|HTTP_PARSER)/;

/** Says that the time of a request was over. @param whom as `the endpoint localhost:4318` */
export function timeoutFailure(whom: string): RequestFailure {
  return { ...SILENT, message: SILENT.message.replace("{}", whom) };
}

/** Says why a request got no answer; of what was thrown nothing but its code is repeated. @param whom as `the endpoint localhost:4318` */
export function networkFailure(caught: unknown, whom: string): RequestFailure {
  const code = codeOf(caught);
  const { message, ...failure } = rowOf(code);
  return { ...failure, message: `${message.replace("{}", whom)}${code === "" ? "" : ` (${code})`}` };
}

function rowOf(code: string): Row {
  const known = Object.hasOwn(ROWS, code) ? ROWS[code] : undefined;
  if (known !== undefined) return known;
  if (TLS.test(code)) return tls("no secure connection to {}", "check its certificate, and what stands between");
  if (HTTP.test(code)) return NO_HTTP;
  return { kind: "retry", code: "no-answer", message: "the request to {} failed", hint: PROXY_HINT };
}

/** Finds the innermost code: fetch wraps what happened once, ky once more, and a host of several addresses in a list. */
function codeOf(caught: unknown): string {
  let found = "";
  let at = caught;
  for (let depth = 0; depth < 8 && typeof at === "object" && at !== null; depth += 1) {
    const { code, name, cause, errors } = at as { readonly [field: string]: unknown };
    if (typeof code === "string" && CODE.test(code)) found = code;
    // This one often comes without a code, and with what the server sent.
    else if (name === "HTTPParserError") found = "HTTP_PARSER_ERROR";
    at = cause ?? (Array.isArray(errors) && found === "" ? (errors as unknown[])[0] : undefined);
  }
  return found;
}

/** What is wrong, whose failure it is, and what a person can do about it. Never holds a secret, a label value or a server's text. */
export interface RequestFailure {
  /** What becomes of the request: sent again, kept back until it is put right, given up, or sent in halves. */
  readonly kind: "retry" | "hold" | "rejected" | "too-large";
  /** Documented code, in kebab-case. */
  readonly code: string;
  /** What happened. */
  readonly message: string;
  /** What to do. */
  readonly hint?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  /** Whether an endpoint that was found some time ago may have moved. */
  readonly stale?: boolean | undefined;
  /** Whether fewer series in one request could help. */
  readonly busy?: boolean | undefined;
}

/** Gives a failure as one line: what happened, and what to do. */
export function failureSentence({ message, hint }: Pick<RequestFailure, "message" | "hint">): string {
  return hint === undefined ? message : `${message}; ${hint}`;
}

/** Gives a failure as one clause, behind which it says what becomes of the series: what to do is in brackets. */
export function failureClause({ message, hint }: Pick<RequestFailure, "message" | "hint">): string {
  if (hint === undefined) return message;
  return message.endsWith(")") ? `${message.slice(0, -1)}: ${hint})` : `${message} (${hint})`;
}
