// Replies to bulk requests: what became of each document.
import type { Outcome, RecordOutcome } from "@eventmeter/delivery";
import { exceptionName, type Reply, type ResultStatus, statusText } from "../connection/reply.ts";

/** Result of a bulk request. */
export interface BulkResult {
  /** What became of the batch, apart from what its lane is to do. */
  readonly outcome: Outcome;
  /** Whether any document was stored. */
  readonly anyStored: boolean;
  /** Why documents were rejected that are not at fault; undefined if there are none. */
  readonly laneRejection: ResultStatus | undefined;
  /** The error of all documents, if it is the same and does not look like the fault of a document. */
  readonly sharedRejection: ResultStatus | undefined;
  /** How many documents went to the failure store of their data stream. */
  readonly inFailureStore: number;
  /** How many documents an ingest pipeline dropped. */
  readonly droppedByPipeline: number;
  /** Whether every document was rejected because the server has no room. */
  readonly isBusy: boolean;
}

interface Item extends ResultStatus {
  readonly isInFailureStore: boolean;
}

const NOTHING = {
  anyStored: false,
  laneRejection: undefined,
  sharedRejection: undefined,
  inFailureStore: 0,
  droppedByPipeline: 0,
  isBusy: false,
};
const UNREADABLE: BulkResult = { ...NOTHING, outcome: { kind: "retry", reason: "the reply could not be read" } };
const ALL_STORED: BulkResult = { ...NOTHING, outcome: { kind: "delivered" }, anyStored: true };

/** Reads what became of each document. A reply that does not cover the batch is a retry, never a success. */
export function readBulkReply(reply: Pick<Reply, "text" | "body">, count: number): BulkResult {
  if (reply.text === allStoredText(count)) return ALL_STORED;
  const { items: given } = (reply.body ?? {}) as { readonly items?: unknown };
  if (!Array.isArray(given) || given.length !== count) return UNREADABLE;
  const items = (given as unknown[]).map(readItem).filter((item) => item !== undefined);
  if (items.length !== count) return UNREADABLE;
  const records = items.map(outcomeOf);
  const isWhole = records.every((record) => record === "delivered");
  const retried = items[records.indexOf("retry")];
  const reason = retried && `documents were answered ${statusText(retried)}`;
  return {
    outcome: isWhole ? { kind: "delivered" } : { kind: "partial", records, reason },
    anyStored: records.includes("delivered"),
    laneRejection: items.find(isLaneRejection),
    sharedRejection: sharedRejectionOf(items, records),
    inFailureStore: items.filter((item) => item.isInFailureStore).length,
    // Its result is "noop". A document that is stored has status 201, and one that was stored before 409.
    droppedByPipeline: items.filter(({ status }) => status === 200).length,
    isBusy: items.every(isBusy),
  };
}

const STORED = '{"create":{"status":201}}';
let lastCount = 0;
let lastText = "";

/** Returns the reply in which a server stored all documents: a reply that equals it need not be read item by item. */
function allStoredText(count: number): string {
  // Most batches have as many documents as the one before.
  if (count !== lastCount) {
    lastCount = count;
    lastText = `{"errors":false,"items":[${`${STORED},`.repeat(count).slice(0, -1)}]}`;
  }
  return lastText;
}

function readItem(given: unknown): Item | undefined {
  // The only key is the action.
  const [result] = typeof given === "object" && given !== null ? (Object.values(given) as unknown[]) : [];
  const { status, error, failure_store: store } = (result ?? {}) as Readonly<Record<string, unknown>>;
  if (!Number.isInteger(status)) return undefined;
  return { status: status as number, type: exceptionName(error), isInFailureStore: store === "used" };
}

function outcomeOf(item: Item): RecordOutcome {
  const { status, type } = item;
  // A conflict means that an earlier attempt stored the document.
  if ((status >= 200 && status < 300) || status === 409) return "delivered";
  if (isLaneRejection(item) || status === 429 || status >= 500 || status === 408) return "retry";
  return { rejected: type ?? `status ${status}` };
}

/** Types of errors that a single document causes. */
const DOCUMENT_ERRORS: ReadonlySet<string> = new Set([
  "document_parsing_exception",
  "mapper_parsing_exception",
  "strict_dynamic_mapping_exception",
  "fail_processor_exception",
]);

function sharedRejectionOf(items: readonly Item[], records: readonly RecordOutcome[]): ResultStatus | undefined {
  const [first] = items;
  if (first?.type === undefined || DOCUMENT_ERRORS.has(first.type)) return undefined;
  const isShared = items.every(({ status, type }) => status === first.status && type === first.type);
  return isShared && records.every((record) => typeof record === "object") ? first : undefined;
}

/** Credentials, blocks, closed and missing indices, and a cluster without room for another index: not the document's fault. */
function isLaneRejection({ status, type }: ResultStatus): boolean {
  if (status === 400) return type === "index_closed_exception" || type === "validation_exception";
  return [401, 403, 404].includes(status);
}

/** Returns whether the server has no room at the moment. Its status for a full disk is also 429, whatever the size of the request. */
export function isBusy({ status, type }: ResultStatus): boolean {
  return status === 429 && type !== "cluster_block_exception";
}
