// Reads and normalises events.
import { errorMessage, errorTypeOf } from "./error-text.ts";
import type { EventFields, FieldScope } from "./record-fields.ts";
import { describeName, describeTaskId, problemList, UNREADABLE } from "./record-problems.ts";
import { readCount, readInteger, readName, readTaskId, readText, repairOf } from "./read-values.ts";
import type { EventMetrics } from "./records.ts";
import { describeTime, isTime, readTime } from "./read-time.ts";

/** Creates the object that `readEvent` fills, one per publisher. @param scope `series` leaves out what only documents hold */
export function createEventFields(scope: FieldScope = "document"): EventFields {
  return {
    scope,
    eventName: "",
    taskId: "",
    startTime: 0,
    endTime: null,
    status: "",
    error: null,
    errorType: null,
    retryCount: 0,
    processId: null,
    pipelineId: null,
    traceId: null,
    spanId: null,
    recordId: undefined,
    attributes: undefined,
    operation: undefined,
    repaired: 0,
    problem: "",
  };
}

/**
 * Reads an event into `into`, each field once; false if the record is invalid: `into.problem` then names every wrong field.
 * Never throws, and never changes the record. Hot: nothing is allocated for a good record.
 */
export function readEvent(record: Readonly<EventMetrics>, into: EventFields): boolean {
  // The caller's object may be a Proxy or full of getters: all of it is read before the first write, under one try.
  try {
    const {
      operation,
      eventName,
      taskId,
      startTime,
      endTime,
      status,
      error,
      errorType,
      retryCount,
      traceId,
      attributes,
    } = record as { readonly [Field in keyof EventMetrics]?: unknown };
    const name = readName(eventName);
    const task = readTaskId(taskId);
    const start = readTime(startTime);
    let end = endTime === undefined || endTime === null ? null : readTime(endTime);
    if (
      operation !== undefined ||
      name === undefined ||
      task === undefined ||
      !isTime(start) ||
      (end !== null && !isTime(end))
    ) {
      into.problem = describeEvent(operation, eventName, taskId, startTime, endTime);
      return false;
    }
    let repaired = repairOf(eventName, name) + (typeof taskId === "string" ? repairOf(taskId, task) : 0);
    if (end !== null && end < start) {
      end = start;
      repaired += 1;
    }
    const failed = error !== undefined && error !== null;
    const givenStatus = status === undefined ? null : readText(status);
    const givenType = errorType === undefined ? null : readText(errorType);
    const retries = readCount(retryCount);
    const trace = traceId === undefined ? null : readText(traceId);
    repaired +=
      repairOf(status, givenStatus) +
      repairOf(errorType, givenType) +
      repairOf(retryCount, retries) +
      repairOf(traceId, trace);
    const type = givenType ?? (failed ? errorTypeOf(error) : null);
    if (into.scope === "document") repaired += readDocumentPart(record, error, into);

    into.eventName = name;
    into.taskId = task;
    into.startTime = start;
    into.endTime = end;
    into.status = givenStatus ?? (failed ? "failed" : end === null ? "running" : "completed");
    into.errorType = type;
    into.retryCount = retries;
    into.traceId = trace;
    into.attributes = attributes as EventFields["attributes"];
    into.repaired = repaired;
    return true;
  } catch {
    into.problem = UNREADABLE;
    return false;
  }
}

function readDocumentPart(record: Readonly<EventMetrics>, error: unknown, into: EventFields): number {
  const { processId, pipelineId, spanId, recordId } = record as { readonly [Field in keyof EventMetrics]?: unknown };
  const pid = readInteger(processId);
  const pipeline = readText(pipelineId);
  const span = readText(spanId);
  const id = readText(recordId) ?? undefined;
  const message = errorMessage(error);
  into.processId = pid;
  into.pipelineId = pipeline;
  into.spanId = span;
  into.recordId = id;
  into.error = message;
  return (
    repairOf(processId, pid) +
    repairOf(pipelineId, pipeline) +
    repairOf(spanId, span) +
    repairOf(recordId, id) +
    (typeof error === "string" ? repairOf(error, message) : 0)
  );
}

function describeEvent(
  operation: unknown,
  eventName: unknown,
  taskId: unknown,
  startTime: unknown,
  endTime: unknown,
): string {
  return problemList({
    operation: operation === undefined ? undefined : "only network operations have one",
    eventName: describeName(eventName),
    taskId: describeTaskId(taskId),
    startTime: describeTime(startTime),
    endTime: endTime === undefined || endTime === null ? undefined : describeTime(endTime),
  });
}
