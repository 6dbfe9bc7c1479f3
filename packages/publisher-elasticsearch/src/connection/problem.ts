// Problems with the client or the server: what keeps records from being stored, and what to do about it.
import { type CheckReport, PublisherError } from "@eventmeter/core";
import { exceptionOf, type Reply } from "./reply.ts";

/** Code of the check, message and hint of a problem, without the name of the publisher. */
export type Problem = Pick<CheckReport, "code" | "message" | "hint">;

/** Returns whether something that can also be a problem is one. */
export function isProblem(value: object): value is Problem {
  return "code" in value;
}

/** Returns a problem as one sentence, with its hint. */
export function problemText({ message, hint }: Problem): string {
  return hint === undefined ? message : `${message}; ${hint}`;
}

/** Creates the error of a start that failed and is to be tried again. */
export function startError(publisher: string, cause: string): PublisherError {
  return new PublisherError(`the start failed: ${cause}`, { code: "start-failed", publisher, retryable: true });
}

/** Returns the problem behind a reply that an Elasticsearch does not give when it is ready and knows the credentials. */
export function replyProblem(reply: Reply): Problem {
  const { status, host } = reply;
  if (status === 401)
    return {
      code: "unauthorized",
      message: "the credentials are not accepted (401)",
      hint: "check auth; of a key it is the value `encoded`",
    };
  if (status >= 500 || status === 429 || status === 408)
    return {
      code: "unavailable",
      message: `${host ?? "the server"} is not ready (${status})`,
      hint: "GET _cluster/health says more",
    };
  if (status === 404 && exceptionOf(reply) !== undefined)
    return {
      code: "not-found",
      message: "Elasticsearch answers, but it is not at this path (404)",
      hint: "check the path in hosts; most have none",
    };
  return {
    code: "not-elasticsearch",
    message: `what answers there does not look like Elasticsearch (${status})`,
    hint: "check the address in hosts; redirects are not followed",
  };
}

/** First version of Node.js that this package runs on, as major and minor. */
const FIRST_NODE = [22, 13] as const;

/** Returns the problem with a version of Node.js that is too old; undefined if it is new enough. */
export function runtimeProblem(version: string): Problem | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > FIRST_NODE[0] || (major === FIRST_NODE[0] && minor >= FIRST_NODE[1])) return undefined;
  return {
    code: "client",
    message: `this is Node.js ${version}, and ${FIRST_NODE.join(".")} or newer is needed`,
    hint: "update Node.js",
  };
}

/** Returns why the official client cannot be loaded: it is not installed, or it does not run here. */
export function loadProblem(caught: unknown): Problem {
  const { code, message } = (caught ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  // Without ERR_ from require(): in a bundle, or under a test runner that compiles to CommonJS.
  if (
    (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") &&
    /'@elastic\/elasticsearch'/.test(String(message))
  )
    return {
      code: "client",
      message: "@elastic/elasticsearch is not installed",
      hint: "install version 8 or 9 of it, or pass in a client",
    };
  const known = typeof code === "string" && /^[A-Z][A-Z0-9_]{2,63}$/.test(code) ? ` (${code})` : "";
  return {
    code: "client",
    message: `@elastic/elasticsearch is there but cannot be loaded${known}`,
    hint: "install version 8 or 9 of it anew, on a Node.js that it supports",
  };
}
