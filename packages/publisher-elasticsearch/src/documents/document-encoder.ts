// Encoder of one publisher: each record becomes an action line and a document, for one data stream or daily index.
import { createHash } from "node:crypto";
import type { RecordFields } from "@eventmeter/core/publisher";
import type { EncodeContext } from "@eventmeter/delivery";
import { dailyName, type RecordKind, streamName } from "../index-names.ts";
import type { ResolvedOptions } from "../options.ts";
import { DailyDocumentWriter } from "./daily-document-writer.ts";
import type { DocumentWriter } from "./document-parts.ts";
import { EcsDocumentWriter } from "./ecs-document-writer.ts";
import { JsonWriter } from "./json-writer.ts";

type EncoderOptions = Pick<ResolvedOptions, "namespace" | "indexPrefix" | "resource">;

/** A record as it is sent. */
export interface EncodedDocument {
  /** The action line and the document; valid until the next record is encoded. */
  readonly data: Uint8Array;
  /** Name of the data stream or daily index. */
  readonly lane: string;
}

/** Encodes the records of one publisher. */
export class DocumentEncoder {
  readonly #options: EncoderOptions;
  #idle: BulkLineWriter | undefined;

  constructor(options: EncoderOptions) {
    this.#options = options;
    this.#idle = new BulkLineWriter(options);
  }

  /** Returns the lines of a record. The id in `context` becomes that of the document unless the record has a `recordId`. */
  encode(record: RecordFields, { id }: Pick<EncodeContext, "id">): EncodedDocument {
    // A getter among the attributes may publish: what it publishes must not be written into the document that it is part of.
    const lines = this.#idle ?? new BulkLineWriter(this.#options);
    this.#idle = undefined;
    try {
      return lines.write(record, id);
    } finally {
      this.#idle = lines;
    }
  }
}

/** Writes the two lines of a record, one record at a time. */
class BulkLineWriter {
  readonly #json = new JsonWriter();
  readonly #documents: DocumentWriter;
  readonly #lanes: StreamLanes | DailyLanes;

  constructor({ namespace, indexPrefix, resource }: EncoderOptions) {
    const isStream = indexPrefix === undefined;
    this.#documents = isStream
      ? new EcsDocumentWriter(this.#json, namespace, resource)
      : new DailyDocumentWriter(this.#json, resource);
    this.#lanes = isStream ? new StreamLanes(namespace) : new DailyLanes(indexPrefix);
  }

  write(record: RecordFields, id: string): EncodedDocument {
    const json = this.#json;
    // A record whose attributes threw has left something behind.
    json.discard();
    const isEvent = record.operation === undefined;
    const lane = this.#lanes.laneOf(isEvent ? "event" : "network", record.endTime ?? record.startTime);
    json.writeAscii('{"create":{"_id":');
    json.writeText(documentId(record.recordId, id));
    json.writeAscii("}}\n");
    if (isEvent) this.#documents.writeEvent(record);
    else this.#documents.writeNetwork(record);
    json.writeAscii("\n");
    return { data: json.take(), lane };
  }
}

class StreamLanes {
  readonly #names: Readonly<Record<RecordKind, string>>;

  constructor(namespace: string) {
    this.#names = { event: streamName("event", namespace), network: streamName("network", namespace) };
  }

  laneOf(kind: RecordKind): string {
    return this.#names[kind];
  }
}

const DAY_MS = 86_400_000;

class DailyLanes {
  readonly #prefix: string;
  /** Most records are of the same day as the one before. */
  readonly #last = { event: { day: -1, name: "" }, network: { day: -1, name: "" } };

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  laneOf(kind: RecordKind, timestamp: number): string {
    const day = Math.floor(timestamp / DAY_MS);
    const last = this.#last[kind];
    if (last.day !== day) {
      last.name = dailyName(kind, this.#prefix, timestamp);
      last.day = day;
    }
    return last.name;
  }
}

/** Longest id that Elasticsearch takes, in bytes of UTF-8; it rejects the whole request for a longer one. */
const MAX_ID_BYTES = 512;

/**
 * Returns the id that a document is stored by: the caller's own, or else the one that was made at publish. Instead of an id
 * that is too long or not well-formed, it returns `sha256-` and a digest, which is the same every time.
 */
function documentId(recordId: string | undefined, made: string): string {
  if (recordId === undefined || recordId === "") return made;
  const fits = recordId.length * 3 <= MAX_ID_BYTES || Buffer.byteLength(recordId) <= MAX_ID_BYTES;
  if (fits && recordId.isWellFormed()) return recordId;
  // In quotes, different lone surrogates stay different.
  return `sha256-${createHash("sha256").update(JSON.stringify(recordId)).digest("hex")}`;
}
