import type { Batch, DroppedRecord, SendContext, BatchWrap } from "../src/index.ts";
import type { ResolvedDelivery } from "../src/push/delivery-options.ts";
import type { Word } from "./oracle-backend.ts";

/** Options of the publisher that is judged. */
export type OracleOptions = Omit<ResolvedDelivery, "onDrop">;

/** What was issued under a key. */
interface Issued {
  readonly text: string;
  readonly lane: string;
  /** When, on the monotonic clock. */
  readonly at: number;
  word: Word;
  /** When it was answered for good, or given up. */
  settledAt: number;
  /** Why it was given up, once it was. */
  dropped: string | undefined;
  /** The attempt that it is in. */
  flight: SendContext | undefined;
}

/** Issues records that cannot be mistaken for each other, and follows each of them. */
export interface Registry {
  /** The first thing that was wrong. */
  readonly fault: string | undefined;
  /** Records issued. */
  readonly size: number;
  /** Records that the backend took while it was heard. */
  readonly acknowledged: number;
  /** Records that onDrop got. */
  readonly dropped: number;
  /** Records that were acknowledged and given up all the same. */
  readonly both: number;
  /** Memory of the largest batch so far, in bytes. */
  readonly largest: number;
  blame(fault: string): void;
  /** Issues a record. @param id what the publisher stamped it with */
  issue(id: string, lane: string, padding: string): string;
  /** Notes that a batch is sent, and gives the keys of its records. */
  depart(batch: Batch, context: SendContext): readonly number[];
  /** Notes that an attempt is over. */
  end(context: SendContext): void;
  /** Notes what the backend said of a record. */
  hear(key: number, word: Word): void;
  /** Notes what onDrop got. */
  drop(record: DroppedRecord): void;
  isSettled(key: number): boolean;
  /** When a record was answered for good or given up, unless it was only for want of room or for the close; else Infinity. */
  settledAt(key: number): number;
  /** Sends nothing from now on. */
  close(): void;
}

/** What the registry judges batches by. */
export interface RegistryInit {
  readonly options: OracleOptions;
  readonly wrap: BatchWrap | undefined;
  readonly now: () => number;
  /** Whether anything may be sent. */
  readonly started: () => boolean;
  /** Whether a call of publish is under way. */
  readonly publishing: () => boolean;
}

/** Makes a registry that has issued nothing yet. */
export function createRegistry({ options, wrap, now, started, publishing }: RegistryInit): Registry {
  const issued = new Map<number, Issued>();
  const batches = new Map<string, string>();
  const flights = new Set<SendContext>();
  let fault: string | undefined;
  let acknowledged = 0;
  let dropped = 0;
  let both = 0;
  let largest = 0;
  let closed = false;

  const blame = (found: string): void => void (fault ??= found);

  function find(bytes: Uint8Array): [number, Issued] | undefined {
    const text = Buffer.from(bytes).toString();
    const key = Number(text.slice(0, Math.max(text.indexOf("|"), 0)) || Number.NaN);
    const record = issued.get(key);
    if (record === undefined || record.text !== text) {
      blame(`a record was invented or altered: ${text.slice(0, 80)}`);
      return undefined;
    }
    return [key, record];
  }

  function checkShape(batch: Batch, texts: readonly string[]): void {
    const { count, offsets, records, bytes } = batch;
    if (count === 0) blame("an empty batch was sent");
    if (offsets.length !== count + 1) blame(`${offsets.length} offsets of ${count} records`);
    if (offsets[0] !== 0 || offsets[count] !== records.length) blame("offsets do not cover the records");
    const { prefix = "", separator = "", suffix = "" } = wrap ?? {};
    const body = Buffer.from(batch.body());
    if (body.length !== bytes) blame(`a body of ${body.length} bytes is said to have ${bytes}`);
    if (body.toString() !== prefix + texts.join(separator) + suffix) blame("a body is not its records, wrapped");
    if (count > options.maxBatchRecords) blame(`a batch has ${count} records`);
    if (count > 1 && bytes > options.maxBatchBytes) blame(`a batch of ${count} records has ${bytes} bytes`);
    largest = Math.max(largest, records.buffer.byteLength + offsets.buffer.byteLength);
  }

  function checkTime(batch: Batch, context: SendContext, keys: readonly number[]): void {
    if (closed) blame("something was sent after the close");
    if (!started()) blame("something was sent before the start had succeeded");
    if (publishing()) blame("something was sent before publish had returned");
    if (context.signal.aborted) blame("an attempt began aborted");
    for (const flight of flights) if (flight.signal.aborted) flights.delete(flight);
    flights.add(context);
    const published = keys.map((key) => issued.get(key)?.at ?? Number.NaN);
    if ((Math.max(...published) - Math.min(...published)) * 2 > options.maxAgeMs)
      blame(`a record joined a batch that was past half of its age: ${keys.join()}`);
    if (flights.size > options.concurrency) blame(`${flights.size} batches are in flight`);
    const content = `${batch.lane} ${keys.join()}`;
    const known = batches.get(batch.id);
    if (known !== undefined && known !== content) blame("two batches have one id");
    if (known === undefined && [...batches.values()].includes(content)) blame("one batch has two ids");
    batches.set(batch.id, content);
  }

  return {
    get fault() {
      return fault;
    },
    get size() {
      return issued.size;
    },
    get acknowledged() {
      return acknowledged;
    },
    get dropped() {
      return dropped;
    },
    get both() {
      return both;
    },
    get largest() {
      return largest;
    },
    blame,
    issue(id, lane, padding) {
      const key = issued.size + 1;
      const text = `${key}|${id}|${padding}`;
      issued.set(key, {
        text,
        lane,
        at: now(),
        word: "again",
        settledAt: Infinity,
        dropped: undefined,
        flight: undefined,
      });
      return text;
    },
    depart(batch, context) {
      const keys: number[] = [];
      const texts: string[] = [];
      for (let index = 0; index < batch.count; index += 1) {
        const [key, record] = find(batch.records.subarray(batch.offsets[index], batch.offsets[index + 1])) ?? [];
        if (key === undefined || record === undefined) continue;
        if (record.lane !== batch.lane) blame(`record ${key} changed its lane`);
        if (record.word !== "again") blame(`record ${key} was sent after it was "${record.word}"`);
        if (record.dropped !== undefined) blame(`record ${key} was sent after it was dropped`);
        if (record.flight?.signal.aborted === false && flights.has(record.flight))
          blame(`record ${key} is in two attempts at a time`);
        record.flight = context;
        keys.push(key);
        texts.push(record.text);
      }
      checkShape(batch, texts);
      checkTime(batch, context, keys);
      return keys;
    },
    end: (context) => void flights.delete(context),
    hear(key, word) {
      const record = issued.get(key);
      if (record === undefined) return;
      record.word = word;
      if (word !== "again") record.settledAt = now();
      if (word === "delivered") acknowledged += 1;
    },
    drop({ reason, bytes }) {
      const [key, record] = find(bytes) ?? [];
      if (key === undefined || record === undefined) return;
      if (record.dropped !== undefined) blame(`record ${key} was given to onDrop twice`);
      record.dropped = reason;
      if (!/the queue is full|before the close/.test(reason)) record.settledAt = Math.min(record.settledAt, now());
      dropped += 1;
      const word = record.word;
      const unconfirmed = reason.includes("not acknowledged before the close");
      if (word === "delivered") both += 1;
      if (word === "delivered" && !unconfirmed) blame(`record ${key} was delivered, and dropped: ${reason}`);
      if (/^(no|bad)$|rejected|too-large/.test(reason) && word !== "never")
        blame(`record ${key} was dropped: ${reason}`);
      if (reason.includes("older") && record.flight === undefined) blame(`record ${key} expired before it was sent`);
      if (reason.includes("older") && now() - record.at < options.maxAgeMs - options.lingerMs - 0.001)
        blame(`record ${key} was dropped after ${now() - record.at} ms: ${reason}`);
    },
    isSettled(key) {
      const record = issued.get(key);
      return record === undefined || record.dropped !== undefined || record.word !== "again";
    },
    settledAt: (key) => issued.get(key)?.settledAt ?? Infinity,
    close: () => void (closed = true),
  };
}
