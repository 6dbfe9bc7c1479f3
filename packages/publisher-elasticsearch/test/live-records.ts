import type { EventMetrics, NetworkMetrics } from "@eventmeter/core";

/** Events that are made; one in ten still runs. */
export const EVENTS = 212;
/** Network operations that are made. */
export const OPERATIONS = 101;

/** Ten minutes before midnight, UTC, with milliseconds: the records are of two days. */
const FIRST = Date.UTC(2026, 10, 22, 23, 50, 0, 123);

/** When a record began, in epoch milliseconds. */
export function startOf(index: number): number {
  return FIRST + index * 17_003;
}

/** How long it took, in milliseconds. */
export function elapsedOf(index: number): number {
  return ((index * 7_919) % 9_973) + 1;
}

/** Whether an event still runs. */
export function isUnfinished(index: number): boolean {
  return index % 10 === 9;
}

/** An event with everything that an event may have, in every form that it may have. */
export function variedEvent(index: number): EventMetrics {
  const startTime = startOf(index);
  const endTime = startTime + elapsedOf(index);
  const given = (ms: number): Date | number => (index % 2 === 0 ? ms : new Date(ms));
  return {
    eventName: ["import", "größe/報告 🚀", 'quote"\\back\u0000\u2028'][index % 3] ?? "",
    taskId: index % 4 === 0 ? index : `task-${index}`,
    startTime: given(startTime),
    ...(isUnfinished(index) ? {} : { endTime: given(endTime) }),
    ...(index % 5 === 0 ? { error: errorOf(index) } : {}),
    ...(index % 7 === 0 ? { status: "cancelled" } : {}),
    retryCount: index % 4,
    processId: 4_000_000 + index,
    pipelineId: `pipeline-${index % 2}`,
    traceId: index.toString(16).padStart(32, "0a"),
    spanId: index.toString(16).padStart(16, "0b"),
    recordId: `record-${index}`,
    attributes: {
      // One field that holds a number, a word, a fraction and a truth.
      code: [1, "E42", 1.5, true][index % 4],
      tenant: `mandant-${index % 3} ✓`,
      "dotted.name": "here",
      " ": index,
      ...(index % 8 === 0 ? { "": "nameless", ".": "dot", "n\u0000l": "rejected by the server as a name" } : {}),
    },
  };
}

function errorOf(index: number): unknown {
  if (index % 3 === 0) return Object.assign(new Error(`refused by ${index} — "so"`), { code: "ECONNREFUSED" });
  return index % 3 === 1 ? "a message 💥 \ud800" : new TypeError("no function");
}

/** A network operation with everything that one may have. */
export function variedOperation(index: number): NetworkMetrics {
  const startTime = startOf(index);
  return {
    operation: index % 2 === 0 ? "GET" : "publish",
    host: ["files.example", "192.0.2.7", "2001:db8::1", "müller.example"][index % 4] ?? "",
    port: index % 6 === 0 ? null : 1_000 + index,
    startTime: new Date(startTime),
    endTime: startTime + elapsedOf(index),
    bytesSent: index,
    // Beyond what a float, or 32 bits, can tell apart.
    bytesReceived: 2 ** 40 + index,
    taskId: `task-${index}`,
    eventName: "import",
    traceId: index.toString(16).padStart(32, "0c"),
    ...(index % 5 === 0 ? { error: errorOf(index) } : {}),
    attributes: { code: index % 2 === 0 ? 1 : "E42" },
  };
}
