import type { MetricsPublisher, PublisherError } from "@eventmeter/core";
import { createVirtualClock, type VirtualClock } from "@eventmeter/testkit";
import {
  type Batch,
  createPushPublisher,
  type DroppedRecord,
  type Outcome,
  type PushDefinition,
} from "../src/index.ts";
import type { PushOptions } from "../src/index.ts";

/** One call of `send`. */
export interface Sent {
  readonly batch: Batch;
  /** Keys of the records, in order. */
  readonly keys: readonly number[];
  readonly attempt: number;
  readonly signal: AbortSignal;
  /** When, on the monotonic clock. */
  readonly at: number;
  readonly answer: (outcome: unknown) => void;
  readonly fail: (cause: unknown) => void;
}

/** What a record is published as. */
export interface Plan {
  readonly lane?: string;
  /** Bytes of its encoded form. */
  readonly size?: number;
  readonly network?: boolean;
}

/** A publisher over a backend that the test plays. */
export interface PushHarness {
  readonly clock: VirtualClock;
  readonly publisher: MetricsPublisher;
  readonly sent: readonly Sent[];
  readonly errors: readonly PublisherError[];
  readonly diagnostics: readonly string[];
  readonly dropped: readonly DroppedRecord[];
  /** Publishes one record and gives its key. */
  readonly publish: (plan?: Plan) => number;
  /** Publishes several. */
  readonly fill: (count: number, plan?: Plan) => readonly number[];
  /** Lets what is ready run. */
  readonly turn: () => Promise<void>;
  /** The calls of `send` since the last time. */
  readonly fresh: () => readonly Sent[];
}

/** Answers a call of `send`; undefined leaves it open, to be answered by the test or by its timeout. */
export type Respond = (sent: Sent) => unknown;

export const DELIVERED: Outcome = { kind: "delivered" };

/** Encodes a key in exactly `size` bytes, or more if the key needs them. */
function payloadOf(key: number, size = 20): string {
  return `<${key}>`.padEnd(size, ".");
}

/** Gives the key of an encoded record, or throws if it is no payload. */
export function keyOf(bytes: Uint8Array): number {
  const text = Buffer.from(bytes).toString();
  const key = Number(/^<(\d+)>\.*$/.exec(text)?.[1] ?? Number.NaN);
  if (Number.isNaN(key)) throw new Error(`an invented or altered payload: ${text.slice(0, 80)}`);
  return key;
}

export function recordOf(batch: Batch, index: number): Uint8Array {
  return batch.records.subarray(batch.offsets[index], batch.offsets[index + 1]);
}

export function openHarness(
  respond: Respond = () => DELIVERED,
  options: PushOptions = {},
  definition: Partial<PushDefinition> = {},
): PushHarness {
  const clock = createVirtualClock();
  const sent: Sent[] = [];
  const errors: PublisherError[] = [];
  const diagnostics: string[] = [];
  const dropped: DroppedRecord[] = [];
  const plans = new Map<string, Plan>();
  let keys = 0;
  let seen = 0;
  const publisher = createPushPublisher(
    {
      name: "harness",
      encode(record) {
        const { lane, size } = plans.get(record.taskId ?? "") ?? {};
        plans.delete(record.taskId ?? "");
        return { data: payloadOf(Number(record.taskId), size), lane };
      },
      send(batch, { signal, attempt }) {
        const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
        const one: Sent = {
          batch,
          keys: Array.from({ length: batch.count }, (_, index) => keyOf(recordOf(batch, index))),
          attempt,
          signal,
          at: clock.monotonic(),
          answer: (outcome) => resolve(outcome as Outcome),
          fail: reject,
        };
        sent.push(one);
        const outcome = respond(one);
        return outcome === undefined ? promise : (outcome as Outcome);
      },
      ...definition,
    },
    {
      clock,
      onError: (error) => void errors.push(error),
      onDiagnostic: ({ code }) => void diagnostics.push(code),
      onDrop: (record) => void dropped.push(record),
      ...options,
    },
  );
  const harness: PushHarness = {
    clock,
    publisher,
    sent,
    errors,
    diagnostics,
    dropped,
    publish(plan = {}) {
      keys += 1;
      const taskId = String(keys);
      plans.set(taskId, plan);
      const startTime = clock.now();
      const times = { startTime, endTime: startTime + 5 };
      if (plan.network === true)
        publisher.publishNetworkMetrics({
          operation: "GET",
          host: "db",
          port: 1,
          bytesSent: 1,
          bytesReceived: 1,
          taskId,
          ...times,
        });
      else publisher.publishEventMetrics({ eventName: "job", taskId, ...times });
      return keys;
    },
    fill: (count, plan) => Array.from({ length: count }, () => harness.publish(plan)),
    turn: () => clock.advance(0),
    fresh() {
      const since = sent.slice(seen);
      seen = sent.length;
      return since;
    },
  };
  return harness;
}

/** Lets time pass in steps until a promise is settled, at most `withinMs`. */
export async function within<Value>(clock: VirtualClock, promise: Promise<Value>, withinMs = 60_000): Promise<Value> {
  const seen = { settled: false };
  const note = (): void => void (seen.settled = true);
  promise.then(note, note);
  const end = clock.monotonic() + withinMs;
  await clock.advance(0);
  while (!seen.settled && clock.monotonic() < end) await clock.advance(10);
  if (!seen.settled) throw new Error(`not settled within ${withinMs} ms of virtual time`);
  return promise;
}

/** Whether everything of the long lane is to be tested. */
export const FULL = process.env["EVENTMETER_FULL"] === "1";
