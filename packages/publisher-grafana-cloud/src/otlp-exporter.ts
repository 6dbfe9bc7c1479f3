// Exporter of encoded snapshots to an endpoint by OTLP over HTTP: one request per attempt, and what its reply means.
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { CheckReport, Clock, WaitOptions } from "@eventmeter/core";
import { readWaitOptions } from "@eventmeter/core/publisher";
import { type BackendReporter, type SendContext, type SnapshotOutcome, withTimeLimit } from "@eventmeter/delivery";
import { sendAuthorized } from "./authorization.ts";
import type { EndpointResolver } from "./endpoint-resolver.ts";
import { addressOf, type Endpoint, type EndpointKind } from "./endpoint.ts";
import { describePartialSuccess, type PartialSuccess, readExportReply } from "./export-reply.ts";
import type { HttpClient } from "./http-request.ts";
import { embeddedFailure, notOtlpFailure, replyFailure } from "./reply-failure.ts";
import { failureClause, failureSentence, type RequestFailure, requestFailure } from "./request-failure.ts";
import type { ApiKey, TokenFacts } from "./token.ts";

/** Most bytes of a body before compression: every receiver reads as much, and it is quick to compress and to take. */
const MAX_BODY_BYTES = 4 * 2 ** 20;
/** From this many bytes on, a receiver may stop reading. */
const LARGE_BODY_BYTES = 2 ** 20;
/** Most bytes of a reply: more than any receiver has to report about one request. */
const MAX_REPLY_BYTES = 2 ** 16;
/** After this many replies in a row that the receiver is busy, and each further time, the snapshot is sent in smaller requests. */
const BUSY_REPLIES = 3;

const compress = promisify(gzip);

/** The body of one export request, compressed or empty. */
interface Payload {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
  readonly isLarge: boolean;
}

/** What became of one export request. */
type ExportResult =
  | { readonly failure: RequestFailure; readonly success?: undefined }
  | { readonly success: Success; readonly failure?: undefined };

/** A success, as the receiver put it. */
interface Success {
  readonly status: number;
  readonly read: PartialSuccess | { readonly kind: "complete" | "unknown" };
}

/** Sends the snapshots of one publisher, and the request without series that checks its endpoint. */
export class OtlpExporter {
  readonly #resolver: EndpointResolver;
  readonly #endpointKind: EndpointKind;
  readonly #apiKey: ApiKey | undefined;
  readonly #client: HttpClient;
  readonly #clock: Clock;
  #busyReplies = 0;
  /** What the last reply left out, as a warning about one sample; undefined if it left out nothing. */
  #lastWarning: string | undefined;
  #hasWarnedOfReply = false;

  constructor({
    resolver,
    endpointKind,
    apiKey,
    client,
    clock,
  }: {
    readonly resolver: EndpointResolver;
    readonly endpointKind: EndpointKind;
    readonly apiKey: ApiKey | undefined;
    readonly client: HttpClient;
    readonly clock: Clock;
  }) {
    this.#resolver = resolver;
    this.#endpointKind = endpointKind;
    this.#apiKey = apiKey;
    this.#client = client;
    this.#clock = clock;
  }

  /** Sends one encoded snapshot once. Never rejects because of the receiver. */
  async send(body: Uint8Array<ArrayBuffer>, { signal, attempt, report }: SendContext): Promise<SnapshotOutcome> {
    if (body.length > MAX_BODY_BYTES)
      return {
        kind: "split",
        because: "too-large",
        reason: `the request would be longer than ${MAX_BODY_BYTES} bytes`,
      };
    const headers = {
      "content-type": "application/x-protobuf",
      "content-encoding": "gzip",
      // Mimir derives from it how long a wait to ask for.
      ...(attempt > 1 ? { "retry-attempt": String(attempt - 1) } : {}),
    };
    const payload = { body: await compress(body, { level: 1 }), headers, isLarge: body.length > LARGE_BODY_BYTES };
    const { failure, success } = await this.#export(payload, { signal });
    this.#busyReplies = failure?.splitMayHelp === true ? this.#busyReplies + 1 : 0;
    if (failure !== undefined) return this.#outcomeOf(failure);
    this.#warnOf(success, report);
    return { kind: "delivered" };
  }

  /** Sends a request without series, which every receiver takes and none stores. Never rejects. */
  async check(options: WaitOptions | undefined): Promise<CheckReport> {
    const payload = { body: new Uint8Array(), headers: { "content-type": "application/x-protobuf" }, isLarge: false };
    const { failure, success } = await withTimeLimit({ clock: this.#clock, ...readWaitOptions(options) }, (signal) =>
      this.#export(payload, { signal, retryNow: true }),
    );
    if (failure === undefined) {
      const hint = success.read.kind === "unknown" ? failureSentence(unknownReply(success.status)) : undefined;
      return { ok: true, code: "ok", message: "the endpoint takes metrics", ...(hint === undefined ? {} : { hint }) };
    }
    const { code, message, hint } = failure;
    return { ok: false, code, message, hint };
  }

  /** Sends one export request to the endpoint, wherever that is. If it has moved, sends it to the new address too. */
  async #export(
    payload: Payload,
    { signal, retryNow = false }: { readonly signal: AbortSignal; readonly retryNow?: boolean },
  ): Promise<ExportResult> {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- the second round follows the first
      const { endpoint, failure } = await this.#resolver.resolve({ signal, retryNow });
      if (failure !== undefined) return { failure };
      // oxlint-disable-next-line no-await-in-loop
      const result = await this.#post(endpoint, payload, signal);
      if (result.failure?.mayHaveMoved !== true || !this.#resolver.forget()) return result;
    }
  }

  async #post({ url, authorize }: Endpoint, payload: Payload, signal: AbortSignal): Promise<ExportResult> {
    try {
      const reply = await sendAuthorized(this.#client, url, authorize, {
        method: "POST",
        headers: payload.headers,
        body: payload.body,
        signal,
        maxReplyBytes: MAX_REPLY_BYTES,
      });
      if (reply.status < 200 || reply.status > 299) {
        const { isLarge } = payload;
        const context = {
          endpointKind: this.#endpointKind,
          token: this.#apiKey?.facts ?? {},
          isLarge,
          now: this.#clock.now(),
        };
        return { failure: replyFailure(reply, context) };
      }
      const read = readExportReply(reply);
      if (read.kind === "foreign") return { failure: notOtlpFailure(reply, this.#endpointKind) };
      if (read.kind === "failed") return { failure: embeddedFailure(reply, read.status, this.#context) };
      this.#resolver.confirm();
      return { success: { status: reply.status, read } };
    } catch (caught) {
      return { failure: requestFailure(caught, `the endpoint ${addressOf(url)}`, signal) };
    }
  }

  get #context(): { readonly endpointKind: EndpointKind; readonly token: TokenFacts } {
    return { endpointKind: this.#endpointKind, token: this.#apiKey?.facts ?? {} };
  }

  #outcomeOf(failure: RequestFailure): SnapshotOutcome {
    const reason = failure.kind === "retry" ? failureClause(failure) : failureSentence(failure);
    const { retryAfterMs } = failure;
    if (this.#busyReplies > 0 && this.#busyReplies % BUSY_REPLIES === 0)
      return { kind: "split", because: "busy", reason, retryAfterMs };
    if (failure.kind === "too-large") return { kind: "split", because: "too-large", reason };
    if (failure.kind === "retry") return { kind: "retry", reason, retryAfterMs };
    if (failure.kind === "rejected" && failure.isAboutSeries === true)
      return { kind: "split", because: "rejected", reason };
    return { kind: failure.kind, reason };
  }

  /**
   * Reports a partial success, unless the last reply was one for the same cause: every reply repeats a limit that is reached.
   * A reply that is not one of OTLP is reported once.
   */
  #warnOf({ status, read }: Success, report: BackendReporter): void {
    if (read.kind === "unknown" && !this.#hasWarnedOfReply) {
      this.#hasWarnedOfReply = true;
      report.error("reply-unknown", failureSentence(unknownReply(status)));
    }
    if (read.kind !== "partial") {
      this.#lastWarning = undefined;
      return;
    }
    // The number of samples differs from reply to reply.
    const warning = describePartialSuccess({ ...read, rejected: Math.min(read.rejected, 1) });
    if (warning !== this.#lastWarning) report.error("partial-success", describePartialSuccess(read));
    this.#lastWarning = warning;
  }
}

function unknownReply(status: number): Pick<RequestFailure, "message" | "hint"> {
  return {
    message: `the endpoint answered ${status} with something that is no OTLP reply, and the series count as delivered`,
    hint: "check in the backend that they arrive",
  };
}
