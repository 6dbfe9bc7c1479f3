import type { RecordFields } from "@eventmeter/core/publisher";
import { createDictionaryDocuments } from "./daily-documents.ts";
import { documentId } from "./document-id.ts";
import { createEcsDocuments } from "./ecs-documents.ts";
import { createJsonWriter } from "./json-writer.ts";
import { dailyName, type RecordKind, streamName } from "../index-names.ts";
import type { ResolvedOptions } from "../options.ts";

/** What is known of a record besides its fields. */
export interface Stamp {
  /** The id of its document, unless the record has one of its own. */
  readonly id: string;
}

/** A record as it is sent: an action line and a document, and the stream or index that it goes to. */
export interface EncodedDocument {
  /** Stands until the next record is encoded. */
  readonly data: Uint8Array;
  readonly lane: string;
}

const DAY_MS = 86_400_000;

type EncodeOptions = Pick<ResolvedOptions, "namespace" | "indexPrefix" | "resource">;
type Encode = (record: RecordFields, stamp: Stamp) => EncodedDocument;

/** Makes the encoder of one publisher. */
export function createEncode(options: EncodeOptions): Encode {
  let idle: Encode | undefined = createEncoder(options);
  return (record, stamp) => {
    // A getter among the attributes may publish: what it publishes is not written into the document it stands in.
    const encode = idle ?? createEncoder(options);
    idle = undefined;
    try {
      return encode(record, stamp);
    } finally {
      idle = encode;
    }
  };
}

function createEncoder({ namespace, indexPrefix, resource }: EncodeOptions): Encode {
  const writer = createJsonWriter();
  const { raw, quote } = writer;
  const documents =
    indexPrefix === undefined
      ? createEcsDocuments(writer, namespace, resource)
      : createDictionaryDocuments(writer, resource);
  const laneOf = indexPrefix === undefined ? streamLanes(namespace) : dailyLanes(indexPrefix);
  return (record, { id }) => {
    // What an encoding that threw left behind is not part of this one.
    writer.clear();
    const isEvent = record.operation === undefined;
    const lane = laneOf(isEvent ? "event" : "network", record.endTime ?? record.startTime);
    raw('{"create":{"_id":');
    quote(documentId(record.recordId, id));
    raw("}}\n");
    if (isEvent) documents.event(record);
    else documents.network(record);
    raw("\n");
    return { data: writer.take(), lane };
  };
}

type LaneOf = (kind: RecordKind, timestamp: number) => string;

function streamLanes(namespace: string): LaneOf {
  const names = { event: streamName("event", namespace), network: streamName("network", namespace) };
  return (kind) => names[kind];
}

function dailyLanes(prefix: string): LaneOf {
  // Most records are of the same day as the one before.
  const last = { event: { day: -1, name: "" }, network: { day: -1, name: "" } };
  return (kind, timestamp) => {
    const day = Math.floor(timestamp / DAY_MS);
    if (last[kind].day !== day) last[kind] = { day, name: dailyName(kind, prefix, timestamp) };
    return last[kind].name;
  };
}
