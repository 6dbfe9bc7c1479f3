import {
  type CheckReport,
  type FlushReport,
  isPublisherError,
  PublisherError,
  type WaitOptions,
} from "@eventmeter/core";
import { type WaitStatus, waitWithin } from "@eventmeter/core/publisher";
import type { Child } from "./child.ts";
import { childHealth } from "./health.ts";

type Answer<Value> =
  | { readonly kind: "given"; readonly value: Value }
  | { readonly kind: "failed"; readonly cause: unknown }
  | { readonly kind: Exclude<WaitStatus, "complete"> };

/** What a child may take beyond the time that it was given as well, in milliseconds. */
export const CHILD_GRACE_MS = 50;

/** Calls something of a child and waits for it: what it throws, and that it never answers, stays with that child. */
async function ask<Value>(
  child: Child,
  call: () => Value | PromiseLike<Value>,
  options: WaitOptions | undefined,
): Promise<Answer<Value>> {
  // A record that is on its way to the children arrives before they are flushed or closed.
  await Promise.resolve();
  let answer: Answer<Value> | undefined;
  const settled = attempt(call).then((given) => void (answer = given));
  const status = await waitWithin(settled, options, child.clock, CHILD_GRACE_MS);
  return answer ?? { kind: status === "complete" ? "aborted" : status };
}

async function attempt<Value>(call: () => Value | PromiseLike<Value>): Promise<Answer<Value>> {
  try {
    return { kind: "given", value: await call() };
  } catch (cause) {
    return { kind: "failed", cause };
  }
}

/** Starts a child; idempotent. Gives what went wrong. */
export async function startChild(child: Child, options: WaitOptions | undefined): Promise<PublisherError | undefined> {
  const answer = await ask(child, () => (child.starting ??= begin(child, options)), options);
  if (answer.kind === "given") return undefined;
  if (answer.kind === "failed" && isPublisherError(answer.cause)) return answer.cause;
  const [message, cause] =
    answer.kind === "failed" ? ["its start failed", answer.cause] : [`its start did not end in time (${answer.kind})`];
  return new PublisherError(message, { code: "start-failed", publisher: child.name, retryable: true, cause });
}

async function begin(child: Child, options: WaitOptions | undefined): Promise<void> {
  try {
    await child.publisher.start?.(options);
  } catch (cause) {
    child.starting = undefined;
    throw cause;
  }
}

/** Flushes or closes a child, and waits for the promises that its publish* returned. */
export async function settleChild(
  child: Child,
  method: "flush" | "close",
  options: WaitOptions | undefined,
): Promise<FlushReport> {
  const answer = await ask(child, () => reportOf(child, method, options), options);
  if (answer.kind === "given") return answer.value;
  if (answer.kind === "failed") {
    child.reporter.error("publisher-failed", `its ${method}() failed`, { cause: answer.cause });
  }
  const { received, recovered, delivered, dropped, ignored, pending } = childHealth(child);
  const status = answer.kind === "failed" ? "aborted" : answer.kind;
  return { received, recovered, delivered, dropped, ignored, pending, status, durable: 0 };
}

const STATUSES: readonly FlushReport["status"][] = ["complete", "timeout", "aborted"];

async function reportOf(child: Child, method: "flush" | "close", options?: WaitOptions): Promise<FlushReport> {
  const [report] = await Promise.all([child.publisher[method](options), ...child.unsettled]);
  if (STATUSES.includes(report.status)) return report;
  throw new TypeError("no report came back");
}

/** Gives the worst of some statuses; `complete` if there are none. */
export function worstStatus(reports: readonly FlushReport[]): FlushReport["status"] {
  return STATUSES[Math.max(0, ...reports.map(({ status }) => STATUSES.indexOf(status)))] ?? "complete";
}

/** Probes a child. */
export async function checkChild(child: Child, options: WaitOptions | undefined): Promise<CheckReport> {
  const { name } = child;
  const answer = await ask(child, () => child.publisher.check?.(options), options);
  if (answer.kind === "given") {
    if (typeof child.publisher.check !== "function")
      return { ok: true, code: "ok", message: `${name}: it has no check` };
    if (typeof answer.value?.ok === "boolean") return answer.value;
    return { ok: false, code: "publisher-failed", message: `${name}: its check gave no report` };
  }
  if (answer.kind !== "failed") {
    return { ok: false, code: answer.kind, message: `${name}: its check did not end in time (${answer.kind})` };
  }
  if (!isPublisherError(answer.cause)) {
    return { ok: false, code: "publisher-failed", message: `${name}: its check failed` };
  }
  return { ok: false, code: answer.cause.code, message: answer.cause.message };
}
