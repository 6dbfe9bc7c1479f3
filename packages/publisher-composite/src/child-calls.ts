// Calls of a child's start, flush, close and check: bounded in time, and what a child throws stays with that child.
import {
  type CheckReport,
  type FlushReport,
  isPublisherError,
  PublisherError,
  type WaitOptions,
} from "@eventmeter/core";
import {
  describeFailure,
  readHealth,
  readReport,
  runDetached,
  type WaitStatus,
  waitWithin,
} from "@eventmeter/core/publisher";
import type { Child } from "./child.ts";
import { withUncounted } from "./child-health.ts";

/** How much longer than its own timeout a child may take, in milliseconds. */
const CHILD_GRACE_MS = 50;

type CallResult<Value> =
  | { readonly kind: "returned"; readonly value: Value }
  | { readonly kind: "failed"; readonly cause: unknown }
  | { readonly kind: Exclude<WaitStatus, "complete"> };

/** Starts a child; idempotent. Returns the error of a start that failed or did not end in time. */
export async function startChild(child: Child, options: WaitOptions | undefined): Promise<PublisherError | undefined> {
  const result = await callChild(child, options, () => child.start(options));
  if (result.kind === "returned") return undefined;
  if (result.kind === "failed" && isPublisherError(result.cause)) return result.cause;
  const [message, cause] =
    result.kind === "failed"
      ? [`its start failed${describeFailure(result.cause)}`, result.cause]
      : [`its start did not end in time (${result.kind})`];
  return new PublisherError(message, { code: "start-failed", publisher: child.name, retryable: true, cause });
}

/** Flushes or closes a child, and waits for the promises that its publish* methods returned. Never rejects. */
export async function settleChild(
  child: Child,
  method: "flush" | "close",
  options: WaitOptions | undefined,
): Promise<FlushReport> {
  const result = await callChild(child, options, () => settle(child, method, options));
  if (result.kind === "returned") return childReport(child, result.value);
  if (result.kind === "failed")
    child.reporter.error("publisher-failed", `its ${method}() failed${describeFailure(result.cause)}`, {
      cause: result.cause,
    });
  return unsettledReport(child, result.kind === "failed" ? "aborted" : result.kind);
}

/** Returns the report of a child that gave none, made of its health. */
export function unsettledReport(child: Child, status: FlushReport["status"]): FlushReport {
  return childReport(child, readReport(child.publisher, undefined, status));
}

function childReport(child: Child, own: FlushReport): FlushReport {
  // Not the report's own number: it can be of a moment before the last records.
  const received = readHealth(child.publisher)?.received ?? 0;
  return { ...withUncounted(child, own, received), name: child.name };
}

async function settle(child: Child, method: "flush" | "close", options: WaitOptions | undefined): Promise<FlushReport> {
  const [given] = await Promise.all([child.publisher[method](options), child.settled()]);
  const report = readReport(child.publisher, given);
  if (report === undefined) throw new TypeError("no report came back");
  return report;
}

/** From best to worst. */
const STATUSES: readonly FlushReport["status"][] = ["complete", "timeout", "aborted"];

/** Returns the worst of some statuses; `complete` if there are none. */
export function worstStatus(reports: readonly FlushReport[]): FlushReport["status"] {
  return STATUSES[Math.max(0, ...reports.map(({ status }) => STATUSES.indexOf(status)))] ?? "complete";
}

/** Checks a child. Never rejects: a check that fails, or does not end in time, is a report. */
export async function checkChild(child: Child, options: WaitOptions | undefined): Promise<CheckReport> {
  const { name, publisher } = child;
  const result = await callChild(child, options, () => publisher.check?.(options));
  if (result.kind === "returned") {
    if (typeof publisher.check !== "function") return { ok: true, code: "ok", message: `${name}: it has no check` };
    const noReport = { ok: false, code: "publisher-failed", message: `${name}: its check gave no report` };
    return readCheck(result.value) ?? noReport;
  }
  if (result.kind !== "failed")
    return { ok: false, code: result.kind, message: `${name}: its check did not end in time (${result.kind})` };
  if (!isPublisherError(result.cause))
    return {
      ok: false,
      code: "publisher-failed",
      message: `${name}: its check failed${describeFailure(result.cause)}`,
    };
  return { ok: false, code: result.cause.code, message: result.cause.message };
}

/** Copies the report of a check that anyone may have written; undefined if it is not one. Never throws. */
function readCheck(given: unknown): CheckReport | undefined {
  try {
    const { ok, code, message, hint, children } = { ...(given as CheckReport) };
    if (typeof ok !== "boolean" || typeof code !== "string" || typeof message !== "string") return undefined;
    return {
      ok,
      code,
      message,
      ...(typeof hint === "string" ? { hint } : {}),
      ...(Array.isArray(children) ? { children } : {}),
    };
  } catch {
    return undefined;
  }
}

/** Calls a method of a child and waits for it. Never rejects. */
async function callChild<Value>(
  child: Child,
  options: WaitOptions | undefined,
  call: () => Value | PromiseLike<Value>,
): Promise<CallResult<Value>> {
  // A record that is being offered to the children arrives before they are flushed or closed.
  await Promise.resolve();
  let result: CallResult<Value> | undefined;
  const called = runDetached(() => resultOf(call)).then((given) => void (result = given));
  const status = await waitWithin(called, options, child.clock, CHILD_GRACE_MS);
  return result ?? { kind: status === "complete" ? "aborted" : status };
}

async function resultOf<Value>(call: () => Value | PromiseLike<Value>): Promise<CallResult<Value>> {
  try {
    return { kind: "returned", value: await call() };
  } catch (cause) {
    return { kind: "failed", cause };
  }
}
