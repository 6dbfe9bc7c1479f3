import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Clock } from "@eventmeter/core";
import { type Batch, type Outcome, retryAfterMs, type Send, type SendContext } from "@eventmeter/delivery";
import { type BulkVerdict, isBusy, readBulkReply } from "./bulk-reply.ts";
import type { Connection } from "../connection/connection.ts";
import { exchange, isFailure } from "../connection/request.ts";
import { createHolds } from "./lane-holds.ts";
import type { Install } from "../templates/template-installer.ts";
import { isMisconfigured, refusalText } from "./rejection.ts";
import { answerText, errorOf, errorType, type Reply } from "../connection/reply.ts";

/** What sending needs. */
export interface SendInit {
  readonly connection: Connection;
  readonly clock: Clock;
  /** Installs the template, where that is wanted. */
  readonly install: Install | undefined;
  /** Whether lanes are data streams. */
  readonly streams: boolean;
  readonly compression: boolean;
  /** Limit of one request, of which the server gets the largest part. */
  readonly sendTimeoutMs: number;
}

/** At every so many attempts a batch that the server has no room for is halved: it may be the batch itself that is too much. */
const BUSY_ATTEMPTS = 4;
/** A reply names a status and a type for each document, at most so many bytes. */
const REPLY_BYTES_PER_DOCUMENT = 512;
const REPLY_BYTES = 65_536;
// Statuses keep items in their places; reasons hold what was in the document.
const FILTER = "filter_path=errors,items.*.status,items.*.error.type,items.*.failure_store";

const deflate = promisify(gzip);
// The fastest level; and larger chunks than usual, since each of them is a trip to the thread pool and back.
const GZIP = { level: 1, chunkSize: 131_072 };

/** Makes what sends one batch as one bulk request. */
export function createSend({ connection, clock, install, streams, compression, sendTimeoutMs }: SendInit): Send {
  const serverTimeoutMs = Math.max(1_000, sendTimeoutMs - 2_000);
  const querystring = `${FILTER}&timeout=${serverTimeoutMs}ms${streams ? "&require_data_stream=true" : ""}`;
  const redirectedLanes = new Set<string>();
  const holds = createHolds({ clock, install, installTimeoutMs: sendTimeoutMs / 4 });

  return async function send(batch, context) {
    const client = await connection.client();
    const begun = clock.monotonic();
    const reply = await exchange(client, {
      method: "POST",
      path: `/${encodeURIComponent(batch.lane)}/_bulk`,
      querystring,
      bulkBody: await bodyOf(batch),
      headers: { "content-type": "application/x-ndjson", ...(compression ? { "content-encoding": "gzip" } : {}) },
      signal: context.signal,
      maxReplyBytes: REPLY_BYTES + batch.count * REPLY_BYTES_PER_DOCUMENT,
    });
    if (!isFailure(reply)) {
      if (reply.status !== 200) return refused(reply, batch, context);
      const { outcome, refusal } = answered(reply, batch, context);
      if (outcome.kind !== "partial" || refusal === undefined) return outcome;
      const reason = refusalText(refusal, batch.lane, streams);
      const isHeld = await holds.isHeld({ lane: batch.lane, refusal, begun, client, context });
      return isHeld ? { ...outcome, hold: reason } : { ...outcome, reason, alone: true };
    }
    const reason = `${reply.message}; ${reply.hint}`;
    return reply.lasting ? { kind: "hold", reason } : { kind: "retry", reason };
  };

  function bodyOf(batch: Batch): Buffer | Promise<Buffer> {
    const { buffer, byteOffset, byteLength } = batch.body();
    const body = Buffer.from(buffer, byteOffset, byteLength);
    return compression ? deflate(body, GZIP) : body;
  }

  function answered(
    reply: Reply,
    { count, lane }: Batch,
    { attempt, report }: SendContext,
  ): Pick<BulkVerdict, "outcome" | "refusal"> {
    const verdict = readBulkReply(reply, count);
    const { taken, redirected, busy } = verdict;
    if (taken) holds.taken(lane);
    if (redirected > 0 && !redirectedLanes.has(lane)) {
      redirectedLanes.add(lane);
      const what = `${redirected} of ${count} documents for ${lane} went to its failure store`;
      report.error("failure-store", `${what}: its mapping or pipeline does not take them; reported once`);
    }
    if (!busy || attempt % BUSY_ATTEMPTS !== 0) return verdict;
    return { outcome: { kind: "split", because: "busy", reason: BUSY }, refusal: undefined };
  }

  function refused(reply: Reply, { lane }: Batch, { attempt }: SendContext): Outcome {
    const { status, body, retryAfter } = reply;
    const type = errorType(errorOf(body));
    if (status === 413) return { kind: "split", because: "too-large", reason: "a single document is too large (413)" };
    const waitMs = retryAfterMs(retryAfter, clock.now());
    if (isBusy(status, type) && attempt % BUSY_ATTEMPTS === 0)
      return { kind: "split", because: "busy", retryAfterMs: waitMs, reason: BUSY };
    if (status >= 500 || status < 300 || [408, 425, 429].includes(status)) {
      return { kind: "retry", retryAfterMs: waitMs, reason: `the server answered ${answerText({ status, type })}` };
    }
    if (status === 400 && !isMisconfigured(reply))
      return { kind: "split", because: "rejected", reason: type ?? "status 400" };
    return { kind: "hold", reason: refusalText({ status, type }, lane, streams) };
  }
}

const BUSY = "the server has no room for them (429)";
