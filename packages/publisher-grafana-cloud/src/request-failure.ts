// Failures of requests: what happened, what becomes of the series, and what a person can do about it.
import { isPublisherError } from "@eventmeter/core";

/** Why a request failed. It never holds a secret, a label value or the text of a server. */
export interface RequestFailure {
  /** What becomes of the request: sent again, kept until a person has corrected something, given up, or sent in halves. */
  readonly kind: "retry" | "hold" | "rejected" | "too-large";
  /** Documented code, in kebab-case. */
  readonly code: string;
  /** What happened. */
  readonly message: string;
  /** What to do. */
  readonly hint?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  /** Whether an endpoint that was looked up some time ago may have another address now. */
  readonly mayHaveMoved?: boolean | undefined;
  /** Whether one series can be the cause, and the others would be taken without it. */
  readonly isAboutSeries?: boolean | undefined;
  /** Whether fewer series in one request can help if the answer stays the same. */
  readonly splitMayHelp?: boolean | undefined;
}

/** Returns a failure as one sentence: what happened, and what to do. */
export function failureSentence({ message, hint }: Pick<RequestFailure, "message" | "hint">): string {
  return hint === undefined ? message : `${message}; ${hint}`;
}

/** Returns a failure as one clause, to which what becomes of the series can be appended: what to do is in brackets. */
export function failureClause({ message, hint }: Pick<RequestFailure, "message" | "hint">): string {
  if (hint === undefined) return message;
  return message.endsWith(")") ? `${message.slice(0, -1)}: ${hint})` : `${message} (${hint})`;
}

/**
 * Returns the failure of a request that got no reply: of the credentials, of the time limit or of the connection.
 * @param server such as `the endpoint localhost:4318`
 */
export function requestFailure(caught: unknown, server: string, signal: AbortSignal): RequestFailure {
  if (signal.aborted) return timeoutFailure(server);
  if (!isPublisherError(caught)) return networkFailure(caught, server);
  const { code, message, publisher } = caught;
  return { kind: "retry", code, message: message.slice(`${publisher}: `.length) };
}

/** Returns the failure of a request that got no reply in time. @param server such as `the endpoint localhost:4318` */
export function timeoutFailure(server: string): RequestFailure {
  return { ...TIMEOUT, message: TIMEOUT.message.replace("{}", server) };
}

/**
 * Returns the failure of a request that got no reply. Of what was thrown, only its code is shown.
 * @param server such as `the endpoint localhost:4318`
 */
function networkFailure(caught: unknown, server: string): RequestFailure {
  const code = innermostCode(caught);
  const { message, ...failure } = failureByCode(code);
  return { ...failure, message: `${message.replace("{}", server)}${code === "" ? "" : ` (${code})`}` };
}

/** A failure in whose message `{}` stands for the server. */
type FailureTemplate = RequestFailure;

const ADDRESS_HINT = "check its host and port, and what stands between";
const SCHEME_HINT = "if it is always so, check its scheme (http or https) and its port";
const tls = (message: string, hint: string): FailureTemplate => ({ kind: "hold", code: "tls", message, hint });

const UNTRUSTED = tls(
  "nobody that this machine trusts has signed the certificate of {}",
  "give the authority's certificate as tls.ca, or its file in NODE_EXTRA_CA_CERTS, or check what stands between",
);
const CLIENT_CERTIFICATE = tls(
  "{} asks for a certificate of this program, or does not accept the one that it presents",
  "give one that its authority has signed as tls.cert, and its key as tls.key",
);
const NO_TLS = tls("{} does not speak TLS", "check its scheme and port");
const BROKEN_OFF: FailureTemplate = {
  kind: "retry",
  code: "broken-off",
  message: "{} closed the connection before it answered",
  hint: SCHEME_HINT,
};
const TIMEOUT: FailureTemplate = {
  kind: "retry",
  code: "timeout",
  message: "{} did not answer in time",
  hint: ADDRESS_HINT,
};
const UNREACHABLE: FailureTemplate = {
  kind: "retry",
  code: "unreachable",
  message: "{} cannot be reached",
  hint: ADDRESS_HINT,
};
const NO_HTTP: FailureTemplate = {
  kind: "retry",
  code: "not-otlp",
  message: "what {} answered is no HTTP",
  hint: "check its port: OTLP over HTTP has 4318, gRPC 4317",
};

/** By the codes of Node.js and OpenSSL: https://nodejs.org/api/errors.html, https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const BY_CODE: Readonly<Record<string, FailureTemplate>> = {
  ENOTFOUND: {
    kind: "retry",
    code: "unknown-host",
    message: "the host of {} is not known",
    hint: "check its name, and the DNS of this machine",
    mayHaveMoved: true,
  },
  EAI_AGAIN: {
    kind: "retry",
    code: "unknown-host",
    message: "the host of {} could not be looked up",
    hint: "check the DNS of this machine",
    mayHaveMoved: true,
  },
  ECONNREFUSED: {
    kind: "retry",
    code: "connection-refused",
    message: "{} refused the connection",
    hint: "is it running, and are host and port right?",
  },
  ECONNRESET: BROKEN_OFF,
  EPIPE: BROKEN_OFF,
  ETIMEDOUT: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
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
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: CLIENT_CERTIFICATE,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: CLIENT_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: CLIENT_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: CLIENT_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: CLIENT_CERTIFICATE,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  EPROTO: NO_TLS,
};

const CODE = /^[A-Z][A-Z0-9_]{2,63}$/;
const TLS = /^(?:CERT_|ERR_TLS_|ERR_SSL_|CRL_)/;
const HTTP = /^HPE_/;

function failureByCode(code: string): FailureTemplate {
  const known = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined;
  if (known !== undefined) return known;
  if (TLS.test(code)) return tls("no secure connection to {}", "check its certificate, and what stands between");
  if (HTTP.test(code)) return NO_HTTP;
  return { kind: "retry", code: "no-answer", message: "the request to {} failed", hint: ADDRESS_HINT };
}

/** Returns the innermost code: an error can have a cause, and a host with several addresses has a list of them. */
function innermostCode(caught: unknown): string {
  let found = "";
  let at = caught;
  for (let depth = 0; depth < 8 && typeof at === "object" && at !== null; depth += 1) {
    const { code, cause, errors } = at as { readonly [field: string]: unknown };
    if (typeof code === "string" && CODE.test(code)) found = code;
    at = cause ?? (Array.isArray(errors) && found === "" ? (errors as unknown[])[0] : undefined);
  }
  return found;
}
