// Failures of requests: why there was no reply, recognised from what the client threw.
import { constants } from "node:os";
import { isPublisherError } from "@eventmeter/core";
import type { Problem } from "./problem.ts";
import type { ReplyOrigin } from "./reply.ts";

/** Description of a failure, from which a `RequestFailure` is made. */
interface FailureText extends Problem {
  readonly hint: string;
  /** Whether the failure lasts until the configuration is changed. */
  readonly isPermanent: boolean;
}

/** Reason why a request has no reply. */
export interface RequestFailure extends FailureText, ReplyOrigin {}

/** A kind of failure: its text and the words of the client or the system that it is recognised by. */
interface FailureKind {
  readonly pattern: RegExp;
  readonly code: string;
  /** @param to the host @param code of the system in brackets, or nothing */
  readonly message: (to: string, code: string) => string;
  readonly hint: string;
  readonly isPermanent?: true;
}

const NOT_LISTENING_HINT = "is Elasticsearch running, and are host and port right?";

// In the order in which they are tried. Where the system gave a code, the client often has only a message.
const KINDS: readonly FailureKind[] = [
  {
    pattern: /EMFILE|ENFILE/,
    code: "too-many-files",
    message: (to, code) => `this process has too many files and sockets open to connect to ${to}${code}`,
    hint: "raise the limit (ulimit -n), or close what is no longer needed",
  },
  {
    pattern: /NoLivingConnectionsError|ClientClosedError|ClientDestroyedError|client is (?:closed|destroyed)/i,
    code: "client-closed",
    message: () => "the client has no connection; it was closed",
    hint: "close a client of your own after the publisher",
    isPermanent: true,
  },
  {
    pattern: /ECONNREFUSED/,
    code: "connection-refused",
    message: (to, code) => `the connection to ${to} was refused${code}`,
    hint: NOT_LISTENING_HINT,
  },
  {
    // The system has no message if a name has several addresses and none of them accepted the connection.
    pattern: /^ConnectionError $/,
    code: "connection-refused",
    message: (to) => `no address of ${to} accepts the connection`,
    hint: NOT_LISTENING_HINT,
  },
  {
    pattern: /ENOTFOUND|EAI_AGAIN/,
    code: "unknown-host",
    message: (to, code) => `the name of ${to} cannot be resolved${code}`,
    hint: "check the address in hosts",
  },
  {
    pattern: /wrong version number|packet length too long|unexpected message|EPROTO/i,
    code: "tls",
    message: (to) => `${to} does not speak TLS`,
    hint: "is it http:// instead of https://?",
  },
  {
    pattern: /self[- ]signed|unable to (?:verify|get)|certificate|altnames|CERT_|fingerprint/i,
    code: "tls",
    message: (to) => `the certificate of ${to} is not trusted`,
    hint: "give its authority as tls.ca, or its fingerprint as clientOptions.caFingerprint",
  },
  {
    pattern: /ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL|EACCES|EPERM|UND_ERR_CONNECT_TIMEOUT|Connect Timeout/i,
    code: "unreachable",
    message: (to, code) => `${to} cannot be reached${code}`,
    hint: "check the address in hosts, and what is between here and there",
  },
  {
    pattern: /other side closed|socket hang up|socket disconnected before|ECONNRESET|EPIPE|terminated/i,
    code: "broken-off",
    message: (to) => `the connection to ${to} was closed without an answer`,
    hint: "if it is always so: does the server want https://?",
  },
  {
    pattern: /HPE_[A-Z_]+|Parse Error|Expected HTTP/,
    code: "not-elasticsearch",
    message: (to, code) => `${to} does not speak HTTP${code}`,
    hint: "check the port in hosts; 9200 is for HTTP, 9300 is not",
  },
];

/**
 * Returns why a request failed, recognised from what the client threw. It repeats nothing of that but the code of the system,
 * because it can hold addresses, credentials and documents.
 * @param host host and port, if known
 */
export function requestFailure(caught: unknown, host: string | undefined): Omit<RequestFailure, "isElsewhere"> {
  return { ...(secretFailure(caught) ?? describe(read(caught), host ?? "the host")), host };
}

/** Returns the failure of a function that returns a secret. */
function secretFailure(caught: unknown): FailureText | undefined {
  if (!isPublisherError(caught) || caught.code !== "credentials-failed") return undefined;
  // Without the name of the publisher, which every message begins with.
  const message = caught.message.slice(caught.publisher.length + 2);
  return { code: caught.code, message, hint: "the function is called again", isPermanent: false };
}

function describe({ name, text }: ReturnType<typeof read>, to: string): FailureText {
  if (name === "ProductNotSupportedError")
    return {
      code: "not-elasticsearch",
      message: `what answers at ${to} is not Elasticsearch`,
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
  const kind = KINDS.find(({ pattern }) => pattern.test(text));
  if (kind !== undefined) {
    const { code, message, hint, isPermanent = false } = kind;
    return { code, message: message(to, systemCode(text)), hint, isPermanent };
  }
  if (name === "TimeoutError" || name === "RequestAbortedError" || name === "AbortError")
    return {
      code: "timeout",
      message: `${to} did not answer in time`,
      hint: "is the cluster healthy? GET _cluster/health says",
      isPermanent: false,
    };
  return {
    code: "no-answer",
    message: `the request to ${to} failed${systemCode(text)}`,
    hint: "check the address in hosts, and what is between here and there",
    isPermanent: false,
  };
}

/** Returns the first code of the system, of the resolver or of the HTTP parser in a text, in brackets; nothing if there is none. */
function systemCode(text: string): string {
  const words = text.match(/\b[A-Z][A-Z0-9_]{2,40}\b/g) ?? [];
  const code = words.find(
    (word) => Object.hasOwn(constants.errno, word) || /^(?:ENOTFOUND|EAI_|HPE_|UND_ERR_)/.test(word),
  );
  return code === undefined ? "" : ` (${code})`;
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
