import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "@eventmeter/core";
import { refusal, type ScrapeReply, type ScrapeRequest } from "./scrape-handler.ts";

/** Answers requests of Node's HTTP, own server or not. Never throws. */
export interface Answers {
  /** Answers one request with what `make` gives; `make` may reject. */
  answer(req: IncomingMessage, res: ServerResponse, make: (request: ScrapeRequest) => Promise<ScrapeReply>): void;
}

/** What clients may take of the memory that their answers hold. */
export interface AnswerLimits {
  /** How long a client may take to read what it asked for. */
  readonly writeTimeoutMs: number;
  /** How many may read at a time; with one more, the one that has been reading longest is left. */
  readonly maxAnswers: number;
  /** How many answers one connection may have under way; further requests of it wait. */
  readonly maxPerSocket: number;
  /** How many requests of one connection may wait; further ones end it. */
  readonly maxWaiting: number;
}

/** A page may be large and a client slow; one that reads nothing holds it no longer than this. */
const ANSWER_LIMITS: AnswerLimits = {
  writeTimeoutMs: 10_000,
  maxAnswers: 100,
  maxPerSocket: 4,
  maxWaiting: 100,
};

type Make = (request: ScrapeRequest) => Promise<ScrapeReply>;

/** What one connection has asked for. */
interface Lane {
  open: number;
  readonly waiting: (() => void)[];
  /** Called when the connection is gone: a response that waits behind another one does not learn of it. */
  readonly ends: Set<() => void>;
}

/** Makes what writes the answers of one publisher. */
export function createAnswers(clock: Clock, given: Partial<AnswerLimits> = {}): Answers {
  const limits: AnswerLimits = { ...ANSWER_LIMITS, ...given };
  const lanes = new WeakMap<object, Lane>();
  /** Those that are being read, the oldest first. */
  const reading = new Set<ServerResponse>();

  function laneOf({ socket }: IncomingMessage, res: ServerResponse): Lane {
    // A simulated request may have no socket.
    const key: object = socket ?? res;
    const known = lanes.get(key);
    if (known !== undefined) return known;
    const lane: Lane = { open: 0, waiting: [], ends: new Set() };
    lanes.set(key, lane);
    (key as Partial<ServerResponse>).once?.("close", () => {
      lane.waiting.length = 0;
      for (const end of lane.ends) end();
    });
    return lane;
  }

  function admit(req: IncomingMessage, res: ServerResponse, make: Make): void {
    if (res.closed) return;
    const lane = laneOf(req, res);
    const start = (): void => void run(lane, req, res, make).catch(() => res.destroy());
    if (lane.open < limits.maxPerSocket) start();
    else if (lane.waiting.length < limits.maxWaiting) lane.waiting.push(start);
    else write(req, res, refusal(503, { "Retry-After": "1" }));
  }

  async function run(lane: Lane, req: IncomingMessage, res: ServerResponse, make: Make): Promise<void> {
    lane.open += 1;
    whenOver(lane, res, () => {
      lane.open -= 1;
      lane.waiting.shift()?.();
    });
    const reply = await make(readRequest(req)).catch(() => refusal(500));
    if (res.closed || res.headersSent) return;
    const timer = clock.setTimeout(() => res.destroy(), limits.writeTimeoutMs);
    reading.add(res);
    whenOver(lane, res, () => {
      timer.cancel();
      reading.delete(res);
    });
    leaveOldest();
    write(req, res, reply);
  }

  // Each may hold a page of its own. Who reads is done before a hundred others come.
  function leaveOldest(): void {
    const [oldest] = reading;
    if (oldest === undefined || reading.size <= limits.maxAnswers) return;
    reading.delete(oldest);
    oldest.destroy();
  }

  return {
    answer(req, res, make) {
      // A client that leaves in the middle is no failure of anybody.
      res.once("error", () => {});
      try {
        admit(req, res, make);
      } catch {
        res.destroy();
      }
    },
  };
}

/** Runs once when a response was handed over or its client is gone, of which simulated ones tell the first only. */
function whenOver({ ends }: Lane, res: ServerResponse, run: () => void): void {
  const end = (): void => {
    if (!ends.delete(end)) return;
    res.off("finish", end);
    res.off("close", end);
    run();
  };
  ends.add(end);
  res.once("finish", end);
  res.once("close", end);
}

/** Answers fetch-style requests. Never rejects. */
export function createFetch(scrapes: Make): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      const { method, headers } = request;
      return responseOf(await scrapes({ method, header: (name) => headers.get(name) ?? undefined }), method);
    } catch {
      return responseOf(refusal(400), "GET");
    }
  };
}

function responseOf({ status, headers, chunks }: ScrapeReply, method: string): Response {
  const hasBody = method !== "HEAD";
  const left = chunks.values();
  // No stream of type "bytes": it would take the memory of chunks that belong to other replies too.
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { value } = left.next();
      if (value === undefined) controller.close();
      else controller.enqueue(value);
    },
  });
  return new Response(hasBody ? body : null, { status, headers });
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

function write(req: IncomingMessage, res: ServerResponse, { status, headers, chunks }: ScrapeReply): void {
  const hasBody = req.headers["transfer-encoding"] !== undefined || Number(req.headers["content-length"] ?? 0) !== 0;
  // Nobody waits for the rest of a body that nobody asked for, and who is refused keeps no connection.
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
