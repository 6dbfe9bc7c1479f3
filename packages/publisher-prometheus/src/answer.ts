import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "@eventmeter/core";
import { refusal, type ScrapeReply, type ScrapeRequest } from "./scrape.ts";

/** Answers requests of Node's HTTP, own server or not. Never throws. */
export interface Answers {
  /** Answers one request with what `make` gives; `make` may reject. */
  answer(req: IncomingMessage, res: ServerResponse, make: (request: ScrapeRequest) => Promise<ScrapeReply>): void;
}

/** How long a client may take to read what it asked for, and how many may do so at a time. */
export interface AnswerLimits {
  readonly writeTimeoutMs: number;
  readonly maxAnswers: number;
}

/** A page may be large and a client slow; one that reads nothing holds it no longer than this. */
const ANSWER_LIMITS: AnswerLimits = { writeTimeoutMs: 10_000, maxAnswers: 100 };

/** Makes what writes the answers of one publisher. */
export function createAnswers(clock: Clock, limits: AnswerLimits = ANSWER_LIMITS): Answers {
  let open = 0;

  async function run(
    req: IncomingMessage,
    res: ServerResponse,
    make: (request: ScrapeRequest) => Promise<ScrapeReply>,
  ): Promise<void> {
    if (res.closed) return;
    // Each open answer may hold a page of its own.
    if (open >= limits.maxAnswers) return write(req, res, refusal(503, { "Retry-After": "1" }));
    open += 1;
    whenOver(res, () => {
      open -= 1;
    });
    const reply = await make(readRequest(req)).catch(() => refusal(500));
    if (res.closed || res.headersSent) return;
    const timer = clock.setTimeout(() => res.destroy(), limits.writeTimeoutMs);
    whenOver(res, () => timer.cancel());
    write(req, res, reply);
  }

  return {
    answer(req, res, make) {
      // A client that leaves in the middle is no failure of anybody.
      res.once("error", () => {});
      run(req, res, make).catch(() => res.destroy());
    },
  };
}

/** Runs once when a response was handed over or its client is gone, of which simulated ones tell the first only. */
function whenOver(res: ServerResponse, run: () => void): void {
  const end = (): void => {
    res.off("finish", end);
    res.off("close", end);
    run();
  };
  res.once("finish", end);
  res.once("close", end);
}

/** Gives a reply to those who answer with a `Response`. */
export function responseOf({ status, headers, chunks }: ScrapeReply, method: string): Response {
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
  // Nobody waits for the rest of a body that nobody asked for.
  res.writeHead(status, hasBody ? { ...headers, Connection: "close" } : { ...headers });
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
