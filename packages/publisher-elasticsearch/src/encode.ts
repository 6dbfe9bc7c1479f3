import type { EventFields, NetworkFields, RecordFields } from "@eventmeter/core";
import { createDictionaryDocuments } from "./dictionary.ts";
import { documentId } from "./document-id.ts";
import { createEcsDocuments } from "./ecs.ts";
import { quote } from "./json-text.ts";
import { dailyName, type RecordKind, streamName } from "./names.ts";
import type { ResolvedOptions } from "./options.ts";

/** Writes documents, each as one line of JSON without its end. */
export interface Documents {
  readonly event: (fields: EventFields) => string;
  readonly network: (fields: NetworkFields) => string;
}

/** What is known of a record besides its fields. */
export interface Stamp {
  /** The id of its document, unless the record has one of its own. */
  readonly id: string;
}

/** A record as it is sent: an action line and a document, and the stream or index that it goes to. */
export interface EncodedDocument {
  readonly data: string;
  readonly lane: string;
}

const DAY_MS = 86_400_000;

/** Makes the encoder of one publisher. */
export function createEncode(
  options: Pick<ResolvedOptions, "namespace" | "indexPrefix" | "resource">,
): (record: RecordFields, stamp: Stamp) => EncodedDocument {
  const { namespace, indexPrefix, resource } = options;
  const documents =
    indexPrefix === undefined ? createEcsDocuments(namespace, resource) : createDictionaryDocuments(resource);
  const laneOf = indexPrefix === undefined ? streamLanes(namespace) : dailyLanes(indexPrefix);
  return (record, { id }) => {
    const isEvent = record.operation === undefined;
    const action = `{"create":{"_id":${quote(documentId(record.recordId, id))}}}\n`;
    return {
      data: `${action}${isEvent ? documents.event(record) : documents.network(record)}\n`,
      lane: laneOf(isEvent ? "event" : "network", record.endTime ?? record.startTime),
    };
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
