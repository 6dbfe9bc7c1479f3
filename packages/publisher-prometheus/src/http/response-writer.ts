// Writer of HTTP responses: bounds what clients that read slowly, or ask for many pages at once, can take of the memory.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ScrapeRequest } from "./scrape-handler.ts";
import { errorReply, type ScrapeReply } from "./scrape-reply.ts";
import type { UnreadReplies } from "./unread-replies.ts";

/** Returns the reply to a request; may reject. */
export type ReplyTo = (request: ScrapeRequest) => Promise<ScrapeReply>;

/** Limits of what clients can hold before they are answered. */
export interface RequestLimits {
  /** How many requests of one connection are answered at a time; further ones wait. */
  readonly maxPerConnection: number;
  /** How many requests of one connection can wait; further ones get a 503. */
  readonly maxWaiting: number;
  /** Bytes of all requests that wait, of all connections together; further ones get a 503. */
  readonly maxWaitingBytes: number;
}

const LIMITS: RequestLimits = { maxPerConnection: 4, maxWaiting: 100, maxWaitingBytes: 8_388_608 };

/** What a request holds beside its text. */
const BYTES_PER_REQUEST = 2_048;

/** Answers requests of Node's HTTP, of the publisher's own server or any other. */
export class ResponseWriter {
  readonly #unread: UnreadReplies;
  readonly #limits: RequestLimits;
  readonly #queues = new WeakMap<object, ConnectionQueue>();
  readonly #waiting: WaitingRequests;

  constructor(unread: UnreadReplies, limits: Partial<RequestLimits> = {}) {
    this.#unread = unread;
    this.#limits = { ...LIMITS, ...limits };
    this.#waiting = { bytes: 0, maxBytes: this.#limits.maxWaitingBytes };
  }

  /** Answers one request with what `replyTo` returns. Never throws. */
  answer(req: IncomingMessage, res: ServerResponse, replyTo: ReplyTo): void {
    // A client that leaves in the middle is not a failure.
    res.once("error", () => {});
    try {
      if (res.closed) return;
      const queue = this.#queueOf(req, res);
      const isAdmitted = queue.admit(res, requestBytes(req), () => {
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
    const queue = new ConnectionQueue(connection, this.#limits, this.#waiting);
    this.#queues.set(connection, queue);
    return queue;
  }

  async #respond(queue: ConnectionQueue, req: IncomingMessage, res: ServerResponse, replyTo: ReplyTo): Promise<void> {
    const reply = await replyTo(readRequest(req)).catch(() => errorReply(500));
    if (res.closed || res.headersSent) return;
    queue.whenOver(
      res,
      this.#unread.begin(reply, () => res.destroy()),
    );
    writeReply(req, res, reply);
  }
}

/** What all connections together have waiting. */
interface WaitingRequests {
  bytes: number;
  readonly maxBytes: number;
}

interface WaitingRequest {
  readonly bytes: number;
  readonly run: () => void;
}

/** The requests of one connection: a few are answered at a time, some wait. */
class ConnectionQueue {
  readonly #limits: RequestLimits;
  readonly #all: WaitingRequests;
  #running = 0;
  readonly #waiting: WaitingRequest[] = [];
  /** Called when the connection is gone: a response that waits behind another one does not hear of it. */
  readonly #onGone = new Set<() => void>();

  constructor(connection: object, limits: RequestLimits, all: WaitingRequests) {
    this.#limits = limits;
    this.#all = all;
    (connection as Partial<ServerResponse>).once?.("close", () => {
      for (const { bytes } of this.#waiting.splice(0)) this.#all.bytes -= bytes;
      for (const end of this.#onGone) end();
    });
  }

  /** Starts a response now or when an earlier one is over; returns false if too many wait. */
  admit(res: ServerResponse, bytes: number, start: () => void): boolean {
    const run = (): void => {
      this.#running += 1;
      this.whenOver(res, () => this.#endOne());
      start();
    };
    if (this.#running < this.#limits.maxPerConnection) {
      run();
      return true;
    }
    if (this.#waiting.length >= this.#limits.maxWaiting || this.#all.bytes + bytes > this.#all.maxBytes) return false;
    this.#all.bytes += bytes;
    this.#waiting.push({ bytes, run });
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
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#all.bytes -= next.bytes;
    next.run();
  }
}

function requestBytes({ url = "", rawHeaders = [] }: Partial<IncomingMessage>): number {
  return rawHeaders.reduce((sum, text) => sum + text.length, url.length + BYTES_PER_REQUEST);
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
  else writeChunks(res, chunks);
}

// As fast as the client reads: a large page that is handed to the socket in one go blocks the event loop. One listener
// for all chunks: where a middleware compresses the response, a listener for each would never be taken off again.
function writeChunks(res: ServerResponse, chunks: readonly Buffer[]): void {
  let next = 0;
  const writeOn = (): void => {
    for (; next < chunks.length; next += 1)
      if (!res.write(chunks[next])) {
        next += 1;
        return;
      }
    if (next > chunks.length) return;
    next = Infinity;
    res.off("drain", writeOn);
    res.end();
  };
  res.on("drain", writeOn);
  writeOn();
}
