// Failures of requests: why there was no reply, recognised from what the client threw.
import type { Problem } from "./problem.ts";

/** Reason why a request has no reply. */
export interface RequestFailure extends Problem {
  readonly hint: string;
  /** Whether the failure lasts until the configuration is changed. */
  readonly isPermanent: boolean;
}

const NOT_LISTENING_HINT = "is Elasticsearch running, and are host and port right?";

// In the order in which they are tried. Where the system gave a code, the client often has only a message.
const KNOWN: readonly (Omit<RequestFailure, "isPermanent"> & { readonly pattern: RegExp })[] = [
  {
    pattern: /ECONNREFUSED/,
    code: "connection-refused",
    message: "the connection was refused (ECONNREFUSED)",
    hint: NOT_LISTENING_HINT,
  },
  {
    // The system has no message if a name has several addresses and none of them accepted the connection.
    pattern: /^ConnectionError $/,
    code: "connection-refused",
    message: "no address of the host accepts the connection",
    hint: NOT_LISTENING_HINT,
  },
  {
    pattern: /ENOTFOUND|EAI_AGAIN/,
    code: "unknown-host",
    message: "the name of the host cannot be resolved",
    hint: "check the address in hosts",
  },
  {
    pattern: /wrong version number|packet length too long|unexpected message|EPROTO/i,
    code: "tls",
    message: "the other side does not speak TLS",
    hint: "is it http:// instead of https://?",
  },
  {
    pattern: /self[- ]signed|unable to (?:verify|get)|certificate|altnames|CERT_|fingerprint/i,
    code: "tls",
    message: "the certificate of the server is not trusted",
    hint: "give its authority as clientOptions.tls.ca, or its fingerprint as clientOptions.caFingerprint",
  },
  {
    pattern: /ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|UND_ERR_CONNECT_TIMEOUT|Connect Timeout/i,
    code: "unreachable",
    message: "the host cannot be reached",
    hint: "check the address in hosts, and what is between here and there",
  },
  {
    pattern: /other side closed|socket hang up|socket disconnected before|ECONNRESET|EPIPE|terminated/i,
    code: "broken-off",
    message: "the connection was closed without an answer",
    hint: "if it is always so: does the server want https://?",
  },
];

/**
 * Returns why a request failed, recognised from what the client threw. It repeats nothing of that, because it can hold
 * addresses, credentials and documents.
 */
export function requestFailure(caught: unknown): RequestFailure {
  const { name, text } = read(caught);
  if (name === "ProductNotSupportedError")
    return {
      code: "not-elasticsearch",
      message: "what answers there is not Elasticsearch",
      hint: "check the address in hosts; neither OpenSearch nor the page of a proxy will do",
      isPermanent: true,
    };
  if (name === "ConfigurationError")
    return {
      code: "client-options",
      message: "the client does not send with its options",
      hint: "check clientOptions, or the options of your client",
      isPermanent: true,
    };
  const known = KNOWN.find(({ pattern }) => pattern.test(text));
  if (known !== undefined) {
    const { code, message, hint } = known;
    return { code, message, hint, isPermanent: false };
  }
  if (name === "TimeoutError" || name === "RequestAbortedError" || name === "AbortError")
    return {
      code: "timeout",
      message: "there was no answer in time",
      hint: "is the cluster healthy? GET _cluster/health says",
      isPermanent: false,
    };
  return {
    code: "no-answer",
    message: "the request failed",
    hint: "check the address in hosts, and what is between here and there",
    isPermanent: false,
  };
}

/** Returns the name of an error, and the text that patterns are looked for in. */
function read(caught: unknown): { readonly name: unknown; readonly text: string } {
  try {
    const { name, message, code } = (caught ?? {}) as Readonly<Record<string, unknown>>;
    // Without a message of its own, the client names the address, which says nothing about the cause.
    const own = typeof message === "string" ? message.replace(/^connection failed \(.*\)$/s, "") : "";
    const parts = [name, own, code].filter((part) => typeof part === "string");
    return { name, text: parts.join(" ").slice(0, 2_000) };
  } catch {
    return { name: undefined, text: "" };
  }
}
