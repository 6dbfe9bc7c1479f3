import { Agent, request as httpRequest } from "node:http";
import type { MetricsPublisher, PublisherError } from "@eventmeter/core";
import { createFaultServer, type FaultScript, type FaultServer, type VirtualClock } from "@eventmeter/testkit";
import {
  createPushPublisher,
  type Outcome,
  type PushDefinition,
  type PushOptions,
  retryAfterMs,
  type Send,
} from "../src/index.ts";

/** Most that is read of a reply, in bytes. */
const REPLY_BYTES = 65_536;

/** Sends over real sockets; `close` ends those that are kept alive. */
export interface WireClient {
  readonly send: Send;
  readonly close?: () => void;
}

/** The two ways that a program has to make a request, each as a publisher uses it. */
export type ClientName = "fetch" | "http";

export const CLIENT_NAMES: readonly ClientName[] = ["fetch", "http"];

export function createClient(name: ClientName, url: string): WireClient {
  return name === "fetch" ? fetchClient(url) : httpClient(url);
}

function fetchClient(url: string): WireClient {
  return {
    async send(batch, { signal }) {
      const response = await fetch(url, { method: "POST", body: batch.body(), signal, redirect: "manual" });
      let bytes = 0;
      for await (const chunk of response.body ?? []) {
        bytes += chunk.length;
        if (bytes > REPLY_BYTES) throw new Error("the reply is too long");
      }
      return outcomeOf(response.status, response.headers.get("retry-after"));
    },
  };
}

function httpClient(url: string): WireClient {
  const agent = new Agent({ keepAlive: true });
  return {
    send(batch, { signal }) {
      const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
      const request = httpRequest(url, { method: "POST", agent, signal }, (response) => {
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > REPLY_BYTES) request.destroy(new Error("the reply is too long"));
        });
        response.on("error", reject);
        response.on("end", () => resolve(outcomeOf(response.statusCode ?? 0, response.headers["retry-after"])));
      });
      // What is in flight does not hold the program open.
      request.on("socket", (socket) => void socket.unref());
      request.on("error", reject);
      request.end(batch.body());
      return promise;
    },
    close: () => agent.destroy(),
  };
}

function outcomeOf(status: number, retryAfter: string | null | undefined): Outcome {
  if (status >= 200 && status < 300) return { kind: "delivered" };
  if (status === 401 || status === 403) return { kind: "hold", reason: `the key was refused (${status})` };
  if (status === 413) return { kind: "split", because: "too-large" };
  return { kind: "retry", reason: `status ${status}`, retryAfterMs: retryAfterMs(retryAfter, Date.now()) };
}

/** A publisher over a fault server. */
export interface Wire extends AsyncDisposable {
  readonly server: FaultServer;
  readonly publisher: MetricsPublisher;
  readonly errors: readonly PublisherError[];
  /** Calls of `send`. */
  readonly attempts: number;
  /** Those that have not ended. */
  readonly inFlight: number;
  /** Publishes one record for each key. */
  readonly publish: (...keys: readonly number[]) => void;
  /** Keys of the requests that the server has read, in order. */
  readonly requested: readonly (readonly number[])[];
  /** Resolves when so many failures have been reported. */
  readonly failed: (count: number) => Promise<void>;
}

/** Opens a fault server and a publisher that sends every record by itself. */
export async function openWire(client: ClientName, script: FaultScript, options: PushOptions = {}): Promise<Wire> {
  const server = await createFaultServer(script);
  const errors: PublisherError[] = [];
  const { send, close } = createClient(client, server.url);
  let attempts = 0;
  let inFlight = 0;
  const definition: PushDefinition = {
    name: "wire",
    encode: ({ taskId }) => ({ data: String(taskId) }),
    wrap: { separator: "," },
    async send(batch, context) {
      attempts += 1;
      inFlight += 1;
      try {
        return await send(batch, context);
      } finally {
        inFlight -= 1;
      }
    },
    close,
  };
  const publisher = createPushPublisher(definition, {
    maxBatchRecords: 1,
    onError: (error) => void errors.push(error),
    ...options,
  });
  return {
    server,
    publisher,
    errors,
    get attempts() {
      return attempts;
    },
    get inFlight() {
      return inFlight;
    },
    publish(...keys) {
      for (const taskId of keys) publisher.publishEventMetrics({ eventName: "job", taskId, startTime: Date.now() });
    },
    get requested() {
      return server.requests.map(({ body }) => Buffer.from(body).toString().split(",").map(Number));
    },
    failed: (count) => until(() => errors.length >= count),
    async [Symbol.asyncDispose]() {
      // No time passes on a virtual clock: what a failed test leaves behind is not waited for.
      await publisher.close({ signal: AbortSignal.abort() });
      await server.close();
    },
  };
}

/** Lets the back-off pass, and not more: the next attempt begins on a clock that stands still. */
export async function nextAttempt(wire: Wire, clock: VirtualClock): Promise<void> {
  const { attempts } = wire;
  const end = clock.monotonic() + 35_000;
  while (wire.attempts === attempts && clock.monotonic() < end) await clock.advance(50);
  if (wire.attempts === attempts) throw new Error("no attempt within 35 s");
}

/** Lets real input and output go on until something holds. */
export async function until(condition: () => boolean, withinMs = 5_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
