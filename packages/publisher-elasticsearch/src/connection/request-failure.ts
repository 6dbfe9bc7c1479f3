/** Why there was no answer: a code, a sentence, and what a person can do about it. */
export interface Failure {
  readonly failure: string;
  readonly message: string;
  readonly hint: string;
  /** Whether it stays so until somebody changes something. */
  readonly lasting: boolean;
}

interface Sign {
  readonly pattern: RegExp;
  readonly failure: string;
  readonly message: string;
  readonly hint: string;
}

const REFUSED_HINT = "is Elasticsearch running, and are host and port right?";

// The client gives words where the system gave a code. In the order in which they are tried.
const SIGNS: readonly Sign[] = [
  {
    pattern: /ECONNREFUSED/,
    failure: "refused",
    message: "the connection was refused (ECONNREFUSED)",
    hint: REFUSED_HINT,
  },
  {
    // Of a name with several addresses, none of which took it, the system says nothing in words.
    pattern: /^ConnectionError $/,
    failure: "refused",
    message: "the connection was refused by every address of the host",
    hint: REFUSED_HINT,
  },
  {
    pattern: /ENOTFOUND|EAI_AGAIN/,
    failure: "unknown-host",
    message: "the name of the host cannot be resolved",
    hint: "check the address in hosts",
  },
  {
    pattern: /wrong version number|packet length too long|unexpected message|EPROTO/i,
    failure: "tls",
    message: "the other side does not speak TLS",
    hint: "is it http:// instead of https://?",
  },
  {
    pattern: /self[- ]signed|unable to (?:verify|get)|certificate|altnames|CERT_|fingerprint/i,
    failure: "tls",
    message: "the certificate of the server is not trusted",
    hint: "give its authority as clientOptions.tls.ca, or its fingerprint as clientOptions.caFingerprint",
  },
  {
    pattern: /ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|UND_ERR_CONNECT_TIMEOUT|Connect Timeout/i,
    failure: "unreachable",
    message: "the host cannot be reached",
    hint: "check the address in hosts, and what is between here and there",
  },
  {
    pattern: /other side closed|socket hang up|socket disconnected before|ECONNRESET|EPIPE|terminated/i,
    failure: "broken-off",
    message: "the connection was closed without an answer",
    hint: "if it is always so: does the server want https://?",
  },
];

/** Tells from what a client threw what went wrong; never its own words, which can hold addresses, credentials and documents. */
export function failureOf(caught: unknown): Failure {
  const { name, text } = wordsOf(caught);
  if (name === "ProductNotSupportedError")
    return {
      failure: "not-elasticsearch",
      message: "what answers there is not Elasticsearch",
      hint: "check the address in hosts; neither OpenSearch nor the page of a proxy will do",
      lasting: true,
    };
  if (name === "ConfigurationError")
    return {
      failure: "client-options",
      message: "the client refuses to send with its options",
      hint: "check clientOptions, or the options of your client",
      lasting: true,
    };
  const sign = SIGNS.find(({ pattern }) => pattern.test(text));
  if (sign !== undefined) {
    const { failure, message, hint } = sign;
    return { failure, message, hint, lasting: false };
  }
  if (name === "TimeoutError" || name === "RequestAbortedError" || name === "AbortError")
    return {
      failure: "timeout",
      message: "there was no answer in time",
      hint: "is the cluster healthy? GET _cluster/health says",
      lasting: false,
    };
  return {
    failure: "no-answer",
    message: "the request failed",
    hint: "check the address in hosts, and what is between here and there",
    lasting: false,
  };
}

function wordsOf(caught: unknown): { readonly name: unknown; readonly text: string } {
  try {
    const { name, message, code } = (caught ?? {}) as Readonly<Record<string, unknown>>;
    // Where the client has no words of its own it names the address, which is not what went wrong.
    const said = typeof message === "string" ? message.replace(/^connection failed \(.*\)$/s, "") : "";
    const words = [name, said, code].filter((word) => typeof word === "string");
    return { name, text: words.join(" ").slice(0, 2_000) };
  } catch {
    return { name: undefined, text: "" };
  }
}
