import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { CheckReport, Clock, WaitOptions } from "@eventmeter/core";
import { readWaitOptions } from "@eventmeter/core/publisher";
import type { SendSnapshot, SnapshotOutcome } from "@eventmeter/delivery";
import type { Found, Target } from "./endpoint-resolver.ts";
import { addressOf, type EndpointKind } from "./endpoint.ts";
import { describePartialSuccess, type PartialSuccess, readExportReply } from "./export-reply.ts";
import { sendHttpRequest } from "./http-request.ts";
import { replyFailure, notOtlpFailure } from "./reply-failure.ts";
import {
  failureClause,
  type RequestFailure,
  networkFailure,
  failureSentence,
  timeoutFailure,
} from "./request-failure.ts";
import type { TokenFacts } from "./token.ts";

/** Largest body before compression: what every receiver reads, and quick to make and to take. */
const MAX_BODY_BYTES = 4 * 2 ** 20;
/** A receiver may give up on a body from here on. */
const LARGE_BODY_BYTES = 2 ** 20;
/** More than any receiver says of one request. */
const MAX_REPLY_BYTES = 2 ** 16;
/** Every so many answers in a row that a receiver is busy, the series travel in smaller requests. */
const BUSY_ANSWERS = 3;

const compress = promisify(gzip);

/** What sending needs. */
export interface SendInit {
  readonly target: Target;
  readonly endpointKind: EndpointKind;
  readonly key: TokenFacts;
  readonly clock: Clock;
}

/** Body, compressed or empty, of one request. */
export interface Payload {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
  readonly isLarge: boolean;
}

/** What one request came to. */
export type Posted =
  | { readonly failure: RequestFailure; readonly partial?: undefined }
  | { readonly partial: PartialSuccess | undefined; readonly failure?: undefined };

/** Sends one body to the endpoint, wherever it is; where it has moved, to the new one as well. Never rejects. */
async function post(
  { target, endpointKind, key, clock }: SendInit,
  { body, headers, isLarge }: Payload,
  signal: AbortSignal,
  fresh = false,
): Promise<Posted> {
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- the second time is after the first
    const { endpoint, failure } = await untilAborted(target.find(fresh), signal);
    if (failure !== undefined) return { failure };
    // oxlint-disable-next-line no-await-in-loop
    const posted = await attempt(endpoint.url, { ...endpoint.headers, ...headers });
    if (posted.failure?.stale !== true || !target.renew()) return posted;
  }

  async function attempt(url: string, all: Readonly<Record<string, string>>): Promise<Posted> {
    try {
      const reply = await sendHttpRequest(url, {
        method: "POST",
        headers: all,
        body,
        signal,
        maxReplyBytes: MAX_REPLY_BYTES,
      });
      if (reply.status < 200 || reply.status > 299)
        return { failure: replyFailure(reply, { endpointKind, key, isLarge, now: clock.now() }) };
      const read = readExportReply(reply);
      if (read === "unreadable") return { failure: notOtlpFailure(reply, endpointKind) };
      target.works();
      return { partial: read === "complete" ? undefined : read };
    } catch (caught) {
      const whom = `the endpoint ${addressOf(url)}`;
      return { failure: signal.aborted ? timeoutFailure(whom) : networkFailure(caught, whom) };
    }
  }
}

const NOT_FOUND: RequestFailure = timeoutFailure("the Cloud API");

async function untilAborted(found: Promise<Found>, signal: AbortSignal): Promise<Found> {
  if (signal.aborted) return { failure: NOT_FOUND };
  const { promise, resolve } = Promise.withResolvers<Found>();
  const onAbort = (): void => resolve({ failure: NOT_FOUND });
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([found, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Makes what sends encoded snapshots. */
export function createSend(init: SendInit): SendSnapshot {
  let busyAnswers = 0;
  let warned = "";
  return async (body, { signal, attempt, report }) => {
    if (body.length > MAX_BODY_BYTES)
      return {
        kind: "split",
        because: "too-large",
        reason: `the request would be longer than ${MAX_BODY_BYTES} bytes`,
      };
    const headers = {
      "content-type": "application/x-protobuf",
      "content-encoding": "gzip",
      // From this Mimir makes out how long to ask for patience.
      ...(attempt > 1 ? { "retry-attempt": String(attempt - 1) } : {}),
    };
    const payload = { body: await compress(body, { level: 1 }), headers, isLarge: body.length > LARGE_BODY_BYTES };
    const { failure, partial } = await post(init, payload, signal);
    busyAnswers = failure?.busy === true ? busyAnswers + 1 : 0;
    if (failure !== undefined) return outcomeOf(failure, busyAnswers > 0 && busyAnswers % BUSY_ANSWERS === 0);
    const warning = partial === undefined ? "" : describePartialSuccess(partial);
    // A limit that is reached is told of by every answer; numbers alone are no news.
    const kind = warning.replace(/\d+/g, "");
    if (warning !== "" && kind !== warned) report.error("partial-success", warning);
    warned = kind;
    return { kind: "delivered" };
  };
}

function outcomeOf(failure: RequestFailure, isBusy: boolean): SnapshotOutcome {
  const reason = failure.kind === "retry" ? failureClause(failure) : failureSentence(failure);
  const { retryAfterMs } = failure;
  if (isBusy) return { kind: "split", because: "busy", reason, retryAfterMs };
  if (failure.kind === "too-large") return { kind: "split", because: "too-large", reason };
  if (failure.kind === "retry") return { kind: "retry", reason, retryAfterMs };
  return { kind: failure.kind, reason };
}

/** Sends a request without series, which every receiver takes and none stores. Never rejects. */
export async function checkEndpoint(init: SendInit, options: WaitOptions | undefined): Promise<CheckReport> {
  const { timeoutMs, signal } = readWaitOptions(options);
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const timer = init.clock.setTimeout(abort, timeoutMs);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted === true) abort();
  try {
    const payload = { body: new Uint8Array(), headers: { "content-type": "application/x-protobuf" }, isLarge: false };
    const { failure } = await post(init, payload, controller.signal, true);
    if (failure === undefined) return { ok: true, code: "ok", message: "the endpoint takes metrics" };
    const { code, message, hint } = failure;
    return { ok: false, code, message, hint };
  } finally {
    timer.cancel();
    signal?.removeEventListener("abort", abort);
  }
}
