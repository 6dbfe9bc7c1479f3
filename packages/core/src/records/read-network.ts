// Reads and normalises network operations.
import { errorMessage, errorTypeOf } from "./error-text.ts";
import type { FieldScope, NetworkFields } from "./record-fields.ts";
import { describeName, problemList, UNREADABLE } from "./record-problems.ts";
import { readCount, readName, readPort, readTaskId, readText, repairOf } from "./read-values.ts";
import type { NetworkMetrics } from "./records.ts";
import { describeTime, isTime, readTime } from "./read-time.ts";

/** Creates the object that `readNetwork` fills, one per publisher. @param scope `series` leaves out what only documents hold */
export function createNetworkFields(scope: FieldScope = "document"): NetworkFields {
  return {
    scope,
    operation: "",
    host: "",
    port: null,
    startTime: 0,
    endTime: null,
    bytesSent: 0,
    bytesReceived: 0,
    error: null,
    errorType: null,
    taskId: undefined,
    eventName: undefined,
    traceId: null,
    spanId: null,
    recordId: undefined,
    attributes: undefined,
    repaired: 0,
    problem: "",
  };
}

/**
 * Reads a network operation into `into`, each field once; false if the record is invalid: `into.problem` then names every wrong field.
 * Never throws, and never changes the record. Hot: nothing is allocated for a good record.
 */
export function readNetwork(record: Readonly<NetworkMetrics>, into: NetworkFields): boolean {
  // The caller's object may be a Proxy or full of getters: all of it is read before the first write, under one try.
  try {
    const {
      operation,
      startTime,
      endTime,
      bytesSent,
      bytesReceived,
      error,
      errorType,
      taskId,
      eventName,
      traceId,
      attributes,
    } = record as { readonly [Field in keyof NetworkMetrics]?: unknown };
    const name = readName(operation);
    const start = readTime(startTime);
    let end = endTime === undefined || endTime === null ? null : readTime(endTime);
    if (name === undefined || !isTime(start) || (end !== null && !isTime(end))) {
      into.problem = describeNetwork(operation, startTime, endTime);
      return false;
    }
    const sent = readCount(bytesSent);
    const received = readCount(bytesReceived);
    let repaired = repairOf(operation, name) + repairOf(bytesSent, sent) + repairOf(bytesReceived, received);
    if (end !== null && end < start) {
      end = start;
      repaired += 1;
    }
    const givenType = errorType === undefined ? null : readText(errorType);
    const task = taskId === undefined ? undefined : readTaskId(taskId);
    const event = eventName === undefined ? undefined : (readText(eventName) ?? undefined);
    const trace = traceId === undefined ? null : readText(traceId);
    repaired +=
      repairOf(errorType, givenType) +
      repairOf(eventName, event) +
      repairOf(traceId, trace) +
      (typeof taskId === "number" && task !== undefined ? 0 : repairOf(taskId, task));
    const type = givenType ?? (error === undefined || error === null ? null : errorTypeOf(error));
    if (into.scope === "document") repaired += readDocumentPart(record, error, into);

    into.operation = name;
    into.startTime = start;
    into.endTime = end;
    into.bytesSent = sent;
    into.bytesReceived = received;
    into.errorType = type;
    into.taskId = task;
    into.eventName = event;
    into.traceId = trace;
    into.attributes = attributes as NetworkFields["attributes"];
    into.repaired = repaired;
    return true;
  } catch {
    into.problem = UNREADABLE;
    return false;
  }
}

function readDocumentPart(record: Readonly<NetworkMetrics>, error: unknown, into: NetworkFields): number {
  const { host, port, spanId, recordId } = record as { readonly [Field in keyof NetworkMetrics]?: unknown };
  const remote = readText(host) ?? "";
  const remotePort = readPort(port);
  const span = readText(spanId);
  const id = readText(recordId) ?? undefined;
  const message = errorMessage(error);
  into.host = remote;
  into.port = remotePort;
  into.spanId = span;
  into.recordId = id;
  into.error = message;
  return (
    repairOf(host, remote) +
    (typeof port === "string" && remotePort !== null ? 0 : repairOf(port, remotePort)) +
    repairOf(spanId, span) +
    repairOf(recordId, id) +
    (typeof error === "string" ? repairOf(error, message) : 0)
  );
}

function describeNetwork(operation: unknown, startTime: unknown, endTime: unknown): string {
  return problemList({
    operation: describeName(operation),
    startTime: describeTime(startTime),
    endTime: endTime === undefined || endTime === null ? undefined : describeTime(endTime),
  });
}
