// Exemplars of one histogram family: for each bucket, the record that it counted last.
import { ownText } from "@eventmeter/core/publisher";
import { copyInto } from "./array-growth.ts";
import { textBytes, toPageable } from "./label-values.ts";

/** The record that a bucket counted last, as far as backends show it. */
export interface Exemplar {
  /** One label: `trace_id` or `task_id`. */
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly value: number;
  /** When it was counted, in epoch milliseconds. */
  readonly time: number;
}

/** The exemplars of one family; a slot is one bucket of one label set. */
export interface Exemplars {
  ids: (string | undefined)[];
  /** 1 where the id is a trace id. */
  traces: Uint8Array;
  seconds: Float64Array;
  times: Float64Array;
  /** Memory of the ids, in bytes. */
  idBytes: number;
}

const TRACE_ID = /^[0-9a-f]{32}$/;
const NO_TRACE = "0".repeat(32);

/** Longest exemplar in characters, label name included: https://prometheus.io/docs/specs/om/open_metrics_spec/#exemplars. */
const MAX_CHARACTERS = 128;
const MAX_TASK_ID = MAX_CHARACTERS - "task_id".length;

/** Creates exemplars without room for any slot. */
export function createExemplars(): Exemplars {
  return { ids: [], traces: new Uint8Array(), seconds: new Float64Array(), times: new Float64Array(), idBytes: 0 };
}

/** Keeps the id of a record as the exemplar of one bucket, in place of the one before. Hot. */
export function keepExemplar(
  exemplars: Exemplars,
  slot: number,
  traceId: string | null,
  taskId: string | undefined,
  seconds: number,
  time: number,
): void {
  const isTraced = traceId !== null && TRACE_ID.test(traceId) && traceId !== NO_TRACE;
  if (!isTraced && (taskId === undefined || taskId === "" || !fits(taskId))) return;
  const before = exemplars.ids[slot];
  const id = ownText(isTraced ? traceId : (taskId as string));
  exemplars.ids[slot] = id;
  exemplars.idBytes += before === undefined ? textBytes(id) : id.length - before.length;
  exemplars.traces[slot] = isTraced ? 1 : 0;
  exemplars.seconds[slot] = seconds;
  exemplars.times[slot] = time;
}

/** Returns the memory of exemplars, in bytes. */
export function bytesOfExemplars({ ids, traces, seconds, times, idBytes }: Exemplars): number {
  return ids.length * 8 + traces.byteLength + seconds.byteLength + times.byteLength + idBytes;
}

/** Enlarges exemplars to `slots` slots. */
export function growExemplars(exemplars: Exemplars, slots: number): void {
  while (exemplars.ids.length < slots) exemplars.ids.push(undefined);
  exemplars.traces = copyInto(exemplars.traces, new Uint8Array(slots));
  exemplars.seconds = copyInto(exemplars.seconds, new Float64Array(slots));
  exemplars.times = copyInto(exemplars.times, new Float64Array(slots));
}

/** Returns a copy of the exemplars of the first `slots` buckets. */
export function copyExemplars({ ids, traces, seconds, times, idBytes }: Exemplars, slots: number): Exemplars {
  return {
    ids: ids.slice(0, slots),
    traces: traces.slice(0, slots),
    seconds: seconds.slice(0, slots),
    times: times.slice(0, slots),
    idBytes,
  };
}

/** Returns the exemplar of one bucket. */
export function exemplarAt({ ids, traces, seconds, times }: Exemplars, slot: number): Exemplar | undefined {
  const id = ids[slot];
  if (id === undefined) return undefined;
  const labels = traces[slot] === 1 ? { trace_id: id } : { task_id: toPageable(id) };
  return { labels, value: seconds[slot] as number, time: times[slot] as number };
}

function fits(taskId: string): boolean {
  if (taskId.length <= MAX_TASK_ID) return true;
  if (taskId.length > MAX_TASK_ID * 2) return false;
  let characters = 0;
  for (const _ of taskId) characters += 1;
  return characters <= MAX_TASK_ID;
}
