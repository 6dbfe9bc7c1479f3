import type { Outcome, RecordOutcome } from "@eventmeter/delivery";
import { type Answer, answerText, errorType, type Reply } from "../connection/reply.ts";

/** What a bulk reply says. */
export interface BulkVerdict {
  /** What became of the batch, apart from what its lane is to do. */
  readonly outcome: Outcome;
  /** Whether any document was taken. */
  readonly taken: boolean;
  /** Why documents were not taken that are not at fault. */
  readonly refusal: Answer | undefined;
  /** Documents that went to the failure store of their stream. */
  readonly redirected: number;
  /** Whether every document was refused for want of room. */
  readonly busy: boolean;
}

interface Item extends Answer {
  readonly redirected: boolean;
}

const NOTHING = { taken: false, refusal: undefined, redirected: 0, busy: false };
const UNREADABLE: BulkVerdict = { ...NOTHING, outcome: { kind: "retry", reason: "the reply could not be read" } };

const STORED = '{"create":{"status":201}}';
const ALL_STORED: BulkVerdict = { ...NOTHING, outcome: { kind: "delivered" }, taken: true };
let goodCount = 0;
let goodText = "";

/** What a server says of so many documents that are all stored: known, it need not be read item by item. */
function allStored(count: number): string {
  if (count !== goodCount) {
    goodCount = count;
    goodText = `{"errors":false,"items":[${`${STORED},`.repeat(count).slice(0, -1)}]}`;
  }
  return goodText;
}

/** Reads what became of each document; a reply that does not cover the batch is a retry, never a success. */
export function readBulkReply(reply: Pick<Reply, "text" | "body">, count: number): BulkVerdict {
  if (reply.text === allStored(count)) return ALL_STORED;
  const { items } = (reply.body ?? {}) as { readonly items?: unknown };
  const given = Array.isArray(items) ? (items as unknown[]).map(readItem) : [];
  const read = given.filter((item) => item !== undefined);
  if (given.length !== count || read.length !== count) return UNREADABLE;
  const records = read.map(outcomeOf);
  const isWhole = records.every((record) => record === "delivered");
  const again = read[records.indexOf("retry")];
  const reason = again && `documents were answered ${answerText(again)}`;
  return {
    outcome: isWhole ? { kind: "delivered" } : { kind: "partial", records, reason },
    taken: records.includes("delivered"),
    refusal: read.find(isRefusal),
    redirected: read.filter((item) => item.redirected).length,
    busy: read.every(({ status, type }) => isBusy(status, type)),
  };
}

function readItem(given: unknown): Item | undefined {
  // The one key is the action.
  const [result] = typeof given === "object" && given !== null ? (Object.values(given) as unknown[]) : [];
  const { status, error, failure_store: store } = (result ?? {}) as Readonly<Record<string, unknown>>;
  if (!Number.isInteger(status)) return undefined;
  return { status: status as number, type: errorType(error), redirected: store === "used" };
}

/** Tells whether a server has no room for a request at present; one whose disk is full says 429 too, whatever the size. */
export function isBusy(status: number, type: string | undefined): boolean {
  return status === 429 && type !== "cluster_block_exception";
}

/** Credentials, blocks, closed and missing indices, and a cluster without room for another one: not the document's fault. */
function isRefusal({ status, type }: Item): boolean {
  if (status === 400) return type === "index_closed_exception" || type === "validation_exception";
  return [401, 403, 404].includes(status);
}

function outcomeOf(item: Item): RecordOutcome {
  const { status, type } = item;
  // A conflict means that the document is there: an earlier attempt stored it.
  if ((status >= 200 && status < 300) || status === 409) return "delivered";
  if (isRefusal(item) || status === 429 || status >= 500 || status === 408) return "retry";
  return { rejected: type ?? `status ${status}` };
}
