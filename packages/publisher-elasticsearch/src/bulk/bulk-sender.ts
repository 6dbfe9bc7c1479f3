// Sender of batches: each one is a bulk request, and its reply becomes an outcome for delivery.
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Clock } from "@eventmeter/core";
import { type Batch, type Outcome, retryAfterMs, type SendContext, withTimeLimit } from "@eventmeter/delivery";
import type { Connection } from "../connection/connection.ts";
import { isProblem } from "../connection/problem.ts";
import { type Reply, type ReplyOrigin, statusOf, statusText } from "../connection/reply.ts";
import { sendRequest } from "../connection/request.ts";
import type { RequestFailure } from "../connection/request-failure.ts";
import type { ResolvedOptions } from "../options.ts";
import type { TemplateInstaller } from "../templates/template-installer.ts";
import { isBusy, readBulkReply } from "./bulk-reply.ts";
import { LaneHolds } from "./lane-holds.ts";
import { isMisconfigured, isOfMiddleBox, rejectionText, sharedRejectionText } from "./rejection.ts";

/** A batch that the server has no room for is halved at every fourth attempt: the batch itself may be too much. */
const BUSY_ATTEMPTS = 4;
const BUSY = "the server has no room for them (429)";
/** Longest reply: one status and one type for each document. */
const REPLY_BYTES_PER_DOCUMENT = 512;
const REPLY_BYTES = 65_536;
// The statuses keep the items in their order. Reasons are left out, since they repeat what was in the document.
const FILTER = "filter_path=errors,items.*.status,items.*.error.type,items.*.failure_store";

const compress = promisify(gzip);
// The fastest level, and larger chunks than usual, since each chunk is a trip to the thread pool and back.
const GZIP = { level: 1, chunkSize: 131_072 };

/** Sends the batches of one publisher. */
export class BulkSender {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #isStream: boolean;
  readonly #compression: boolean;
  readonly #sendTimeoutMs: number;
  readonly #querystring: string;
  readonly #holds: LaneHolds;
  /** Lanes whose failure store was reported. */
  readonly #reportedLanes = new Set<string>();
  #isPipelineReported = false;

  /** @param installer undefined if the publisher installs no template */
  constructor(
    connection: Connection,
    installer: TemplateInstaller | undefined,
    {
      clock,
      indexPrefix,
      pipeline,
      compression,
      sendTimeoutMs,
    }: Pick<ResolvedOptions, "clock" | "indexPrefix" | "pipeline" | "compression" | "sendTimeoutMs">,
  ) {
    this.#connection = connection;
    this.#clock = clock;
    this.#isStream = indexPrefix === undefined;
    this.#compression = compression;
    this.#sendTimeoutMs = sendTimeoutMs;
    const serverTimeoutMs = Math.max(1_000, sendTimeoutMs - 2_000);
    const stream = this.#isStream ? "&require_data_stream=true" : "";
    const through = pipeline === undefined ? "" : `&pipeline=${encodeURIComponent(pipeline)}`;
    this.#querystring = `${FILTER}&timeout=${serverTimeoutMs}ms${stream}${through}`;
    this.#holds = new LaneHolds(clock, installer, sendTimeoutMs / 4);
  }

  /** Sends one batch once and returns what became of it. */
  send(batch: Batch, context: SendContext): Promise<Outcome> {
    // The limit of delivery is longer: it cannot know that another host may take the batch.
    const limit = { clock: this.#clock, timeoutMs: this.#sendTimeoutMs, signal: context.signal };
    return withTimeLimit(limit, (signal) => this.#send(batch, { ...context, signal }));
  }

  async #send(batch: Batch, context: SendContext): Promise<Outcome> {
    const client = await this.#connection.client();
    const sentAt = this.#clock.monotonic();
    const reply = await sendRequest(client, {
      method: "POST",
      path: `/${encodeURIComponent(batch.lane)}/_bulk`,
      querystring: this.#querystring,
      bulkBody: await this.#bodyOf(batch),
      headers: { "content-type": "application/x-ndjson", ...(this.#compression ? { "content-encoding": "gzip" } : {}) },
      signal: context.signal,
      maxReplyBytes: REPLY_BYTES + batch.count * REPLY_BYTES_PER_DOCUMENT,
    });
    if (isProblem(reply)) return this.#failureOutcome(reply, batch, context);
    if (reply.status !== 200) return this.#requestOutcome(reply, batch, context);
    const { outcome, laneRejection, sharedRejection } = this.#readReply(reply, batch, context);
    const rejection = laneRejection ?? sharedRejection;
    if (outcome.kind !== "partial" || rejection === undefined) return outcome;
    const { lane, count } = batch;
    if (sharedRejection !== undefined && this.#holds.areAtFault(lane, context.attempt)) return outcome;
    const reason =
      sharedRejection === undefined
        ? rejectionText(rejection, lane, this.#isStream)
        : sharedRejectionText(rejection, lane);
    const isDenied = sharedRejection !== undefined && this.#holds.recordDenied(lane);
    const isHeld = isDenied || (await this.#holds.shouldHold({ lane, rejection, sentAt, client, context }));
    const records = sharedRejection === undefined ? outcome.records : Array<"retry">(count).fill("retry");
    return isHeld ? { ...outcome, records, hold: reason } : { ...outcome, records, reason, alone: true };
  }

  #bodyOf(batch: Batch): Buffer | Promise<Buffer> {
    const { buffer, byteOffset, byteLength } = batch.body();
    const body = Buffer.from(buffer, byteOffset, byteLength);
    return this.#compression ? compress(body, GZIP) : body;
  }

  /** Reads a reply with status 200, and records and reports what it says about the lane. */
  #readReply(
    reply: Reply,
    { count, lane }: Batch,
    { attempt, report }: SendContext,
  ): Pick<ReturnType<typeof readBulkReply>, "outcome" | "laneRejection" | "sharedRejection"> {
    const result = readBulkReply(reply, count);
    const { anyStored, inFailureStore, droppedByPipeline } = result;
    if (anyStored) this.#holds.recordStored(lane);
    if (inFailureStore > 0 && !this.#reportedLanes.has(lane)) {
      this.#reportedLanes.add(lane);
      const what = `${inFailureStore} of ${count} documents for ${lane} went to its failure store`;
      report.error("failure-store", `${what}: its mapping or pipeline does not take them; reported once`);
    }
    if (droppedByPipeline > 0 && !this.#isPipelineReported) {
      this.#isPipelineReported = true;
      const what = `an ingest pipeline dropped ${droppedByPipeline} of ${count} documents for ${lane}`;
      report.diagnostic("dropped-by-pipeline", `${what}: they count as delivered, and are not stored; reported once`);
    }
    if (!result.isBusy || attempt % BUSY_ATTEMPTS !== 0) return result;
    const outcome: Outcome = { kind: "split", because: "busy", reason: BUSY };
    return { outcome, laneRejection: undefined, sharedRejection: undefined };
  }

  /** Returns the outcome of a request that was not answered with 200. */
  #requestOutcome(reply: Reply, batch: Batch, context: SendContext): Outcome {
    const { status } = reply;
    const { lane } = batch;
    const { attempt } = context;
    if (status === 413) return { kind: "split", because: "too-large", reason: "a single document is too large (413)" };
    const result = statusOf(reply);
    const waitMs = retryAfterMs(reply.retryAfter, this.#clock.now());
    if (isBusy(result) && attempt % BUSY_ATTEMPTS === 0)
      return { kind: "split", because: "busy", retryAfterMs: waitMs, reason: BUSY };
    if (status >= 500 || status < 300 || [408, 425, 429].includes(status))
      return retry(reply, `${reply.host ?? "the server"} answered ${statusText(result)}`, waitMs);
    if (isOfMiddleBox(reply)) return this.#deniedOutcome(rejectionText(result, lane, this.#isStream), batch, context);
    if (status === 400 && !isMisconfigured(reply))
      return { kind: "split", because: "rejected", reason: result.type ?? "status 400" };
    return { kind: "hold", reason: rejectionText(result, lane, this.#isStream) };
  }

  #failureOutcome(failure: RequestFailure, batch: Batch, context: SendContext): Outcome {
    const { code, message, hint, isPermanent, isElsewhere } = failure;
    const reason = `${message}; ${hint}`;
    if (!isPermanent || isElsewhere) return retry(failure, reason);
    return code === "not-elasticsearch" ? this.#deniedOutcome(reason, batch, context) : { kind: "hold", reason };
  }

  /**
   * Returns the outcome of a batch that something else than Elasticsearch rejects, such as a firewall. One of its documents
   * may be the cause: it is looked for, and dropped once others of the lane were stored meanwhile.
   */
  #deniedOutcome(reason: string, { lane, count }: Batch, { attempt }: SendContext): Outcome {
    if (count === 1 && this.#holds.areAtFault(lane, attempt))
      return { kind: "rejected", reason: "something between here and Elasticsearch rejects this document" };
    if (this.#holds.recordDenied(lane)) return { kind: "hold", reason };
    if (count > 1) return { kind: "split", because: "rejected" };
    return { kind: "partial", records: ["retry"], alone: true, reason };
  }
}

/** Sends the batch again: at once if another host takes it, and otherwise after a wait. */
function retry({ isElsewhere }: ReplyOrigin, reason: string, waitMs?: number): Outcome {
  return isElsewhere
    ? { kind: "retry", atOnce: true, reason: `${reason}; another host is asked` }
    : { kind: "retry", retryAfterMs: waitMs, reason };
}
