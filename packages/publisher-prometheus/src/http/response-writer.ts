// Writer of HTTP responses: bounds what clients that read slowly, or ask for many pages at once, can take of the memory.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "@eventmeter/core";
import type { ScrapeRequest } from "./scrape-handler.ts";
import { errorReply, type ScrapeReply } from "./scrape-reply.ts";

/** Returns the reply to a request; may reject. */
export type ReplyTo = (request: ScrapeRequest) => Promise<ScrapeReply>;

/** Limits of what clients can hold. */
export interface ResponseLimits {
  /** How long a client can take to read a response. */
  readonly writeTimeoutMs: number;
  /** How many responses can be written at a time; with one more, the one that began first is given up. */
  readonly maxResponses: number;
  /** How many requests of one connection are answered at a time; further ones wait. */
  readonly maxPerConnection: number;
  /** How many requests of one connection can wait; further ones get a 503. */
  readonly maxWaiting: number;
}

// A page can be large and a client slow; one that reads nothing holds the page no longer than this.
const LIMITS: ResponseLimits = {
  writeTimeoutMs: 10_000,
  maxResponses: 100,
  maxPerConnection: 4,
  maxWaiting: 100,
};

/** Answers requests of Node's HTTP, of the publisher's own server or any other. */
export class ResponseWriter {
  readonly #clock: Clock;
  readonly #limits: ResponseLimits;
  readonly #queues = new WeakMap<object, ConnectionQueue>();
  /** Responses that clients are reading, oldest first. */
  readonly #reading = new Set<ServerResponse>();

  constructor(clock: Clock, limits: Partial<ResponseLimits> = {}) {
    this.#clock = clock;
    this.#limits = { ...LIMITS, ...limits };
  }

  /** Answers one request with what `replyTo` returns. Never throws. */
  answer(req: IncomingMessage, res: ServerResponse, replyTo: ReplyTo): void {
    // A client that leaves in the middle is not a failure.
    res.once("error", () => {});
    try {
      if (res.closed) return;
      const queue = this.#queueOf(req, res);
      const isAdmitted = queue.admit(res, () => {
        this.#respond(queue, req, res, replyTo).catch(() => res.destroy());
      });
      if (!isAdmitted) writeReply(req, res, errorReply(503, { "Retry-After": "1" }));
    } catch {
      res.destroy();
    }
  }

  #queueOf({ socket }: IncomingMessage, res: ServerResponse): ConnectionQueue {
    // A simulated request can be without a socket.
    const connection: object = socket ?? res;
    const known = this.#queues.get(connection);
    if (known !== undefined) return known;
    const queue = new ConnectionQueue(connection, this.#limits);
    this.#queues.set(connection, queue);
    return queue;
  }

  async #respond(queue: ConnectionQueue, req: IncomingMessage, res: ServerResponse, replyTo: ReplyTo): Promise<void> {
    const reply = await replyTo(readRequest(req)).catch(() => errorReply(500));
    if (res.closed || res.headersSent) return;
    const timer = this.#clock.setTimeout(() => res.destroy(), this.#limits.writeTimeoutMs);
    this.#reading.add(res);
    queue.whenOver(res, () => {
      timer.cancel();
      this.#reading.delete(res);
    });
    this.#giveUpOldest();
    writeReply(req, res, reply);
  }

  // Each response can hold a page of its own. A client that reads is done before a hundred others come.
  #giveUpOldest(): void {
    const [oldest] = this.#reading;
    if (oldest === undefined || this.#reading.size <= this.#limits.maxResponses) return;
    this.#reading.delete(oldest);
    oldest.destroy();
  }
}

/** The requests of one connection: a few are answered at a time, some wait. */
class ConnectionQueue {
  readonly #limits: Pick<ResponseLimits, "maxPerConnection" | "maxWaiting">;
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  /** Called when the connection is gone: a response that waits behind another one does not hear of it. */
  readonly #onGone = new Set<() => void>();

  constructor(connection: object, limits: Pick<ResponseLimits, "maxPerConnection" | "maxWaiting">) {
    this.#limits = limits;
    (connection as Partial<ServerResponse>).once?.("close", () => {
      this.#waiting.length = 0;
      for (const end of this.#onGone) end();
    });
  }

  /** Starts a response now or when an earlier one is over; returns false if too many wait. */
  admit(res: ServerResponse, start: () => void): boolean {
    const run = (): void => {
      this.#running += 1;
      this.whenOver(res, () => this.#endOne());
      start();
    };
    if (this.#running < this.#limits.maxPerConnection) run();
    else if (this.#waiting.length < this.#limits.maxWaiting) this.#waiting.push(run);
    else return false;
    return true;
  }

  /** Calls `run` once, when a response is written or its client is gone; a simulated response reports the first only. */
  whenOver(res: ServerResponse, run: () => void): void {
    const end = (): void => {
      if (!this.#onGone.delete(end)) return;
      res.off("finish", end);
      res.off("close", end);
      run();
    };
    this.#onGone.add(end);
    res.once("finish", end);
    res.once("close", end);
  }

  #endOne(): void {
    this.#running -= 1;
    this.#waiting.shift()?.();
  }
}

function readRequest(req: IncomingMessage): ScrapeRequest {
  return {
    method: req.method,
    header(name) {
      const value = req.headers[name];
      return Array.isArray(value) ? value.join(", ") : value;
    },
  };
}

function writeReply(req: IncomingMessage, res: ServerResponse, { status, headers, chunks }: ScrapeReply): void {
  const hasBody = req.headers["transfer-encoding"] !== undefined || Number(req.headers["content-length"] ?? 0) !== 0;
  // The rest of a body that nothing reads is not waited for, and a client with a wrong request keeps no connection.
  const isLast = hasBody || (status >= 400 && req.httpVersionMajor < 2);
  res.writeHead(status, isLast ? { ...headers, Connection: "close" } : { ...headers });
  if (req.method === "HEAD") res.end();
  else writeChunks(res, chunks, 0);
}

// As fast as the client reads: a large page that is handed to the socket in one go blocks the event loop.
function writeChunks(res: ServerResponse, chunks: readonly Buffer[], from: number): void {
  for (let index = from; index < chunks.length; index += 1) {
    if (res.write(chunks[index])) continue;
    res.once("drain", () => writeChunks(res, chunks, index + 1));
    return;
  }
  res.end();
}
