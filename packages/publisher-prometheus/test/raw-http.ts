/* oxlint-disable no-await-in-loop -- the steps of a client are a sequence */
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { ReplyReader } from "./raw-replies.ts";
import type { RawReply } from "./raw-replies.ts";

export { headerOf } from "./raw-replies.ts";
export type { RawReply } from "./raw-replies.ts";

/** One thing that a raw client does; the steps of an exchange are taken one after the other. */
export type RawStep =
  | string
  | Uint8Array
  /** Writes in slices of `sliceBytes`, one each `everyMs`. */
  | { readonly drip: string; readonly sliceBytes: number; readonly everyMs: number }
  /** Waits until so many bytes have come back. */
  | { readonly awaitBytes: number }
  | { readonly waitMs: number }
  /** Ends the sending side only. */
  | { readonly halfClose: true }
  /** Ends the connection with RST. */
  | { readonly reset: true };

/** How a raw client behaves beside its steps. */
export interface RawOptions {
  /** Complete final replies after which the client is content and leaves. @default 1 */
  readonly replies?: number | undefined;
  /** The replies have no body, as those to HEAD. @default false */
  readonly head?: boolean | undefined;
  /** Reads nothing at all when false. @default true */
  readonly read?: boolean | undefined;
  /** Ends the exchange whatever happens. @default 5000 */
  readonly timeoutMs?: number | undefined;
}

/**
 * How an exchange ended: enough replies came, the server closed (FIN) or reset (RST), the time was over, the client
 * reset the connection itself, or nobody listened.
 */
export type RawEnd = "replied" | "closed" | "reset" | "timeout" | "left" | "refused";

/** What came back over one connection. */
export interface RawExchange {
  readonly ended: RawEnd;
  /** Complete final replies, in order. */
  readonly replies: readonly RawReply[];
  /** Status codes 1xx that came before them. */
  readonly informational: readonly number[];
  /** Bytes that form no complete reply: a truncated one, or no HTTP at all. */
  readonly surplusBytes: number;
  /** Everything that came, one character per byte. */
  readonly text: string;
  readonly elapsedMs: number;
}

interface Conversation {
  readonly socket: Socket;
  readonly signal: AbortSignal;
  receivedBytes: number;
}

/** Writes and waits until the kernel has taken it; a destroyed socket ends the wait. */
async function write({ socket }: Conversation, data: Uint8Array): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.write(data, () => resolve());
  });
}

async function take(conversation: Conversation, step: RawStep): Promise<void> {
  const { socket, signal } = conversation;
  if (typeof step === "string") await write(conversation, Buffer.from(step, "latin1"));
  else if (step instanceof Uint8Array) await write(conversation, step);
  else if ("drip" in step) {
    for (let at = 0; at < step.drip.length && !signal.aborted; at += step.sliceBytes) {
      await write(conversation, Buffer.from(step.drip.slice(at, at + step.sliceBytes), "latin1"));
      await delay(step.everyMs, undefined, { signal });
    }
  } else if ("awaitBytes" in step) {
    while (conversation.receivedBytes < step.awaitBytes) await once(socket, "data", { signal });
  } else if ("waitMs" in step) await delay(step.waitMs, undefined, { signal });
  else if ("halfClose" in step) socket.end();
  else socket.resetAndDestroy();
}

async function takeAll(conversation: Conversation, steps: Iterable<RawStep>): Promise<void> {
  try {
    for (const step of steps) {
      if (conversation.signal.aborted) return;
      await take(conversation, step);
    }
  } catch (error) {
    // Waits end with an error when the conversation is over; anything else is a mistake in a step.
    if (!conversation.signal.aborted) conversation.socket.destroy(error instanceof Error ? error : undefined);
  }
}

function endOf(error: Error): RawEnd {
  return "code" in error && error.code === "ECONNREFUSED" ? "refused" : "reset";
}

/**
 * Opens one TCP connection to 127.0.0.1, takes the steps and tells what came back and how it ended. Strings are sent
 * one byte per character. Never rejects, ends after `timeoutMs` at the latest, leaves no socket and no timer behind.
 */
export async function exchange(port: number, steps: Iterable<RawStep>, options: RawOptions = {}): Promise<RawExchange> {
  const { replies = 1, head = false, read = true, timeoutMs = 5000 } = options;
  const begin = performance.now();
  const over = new AbortController();
  const reader = new ReplyReader(head);
  const chunks: Buffer[] = [];
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true });
  const conversation: Conversation = { socket, signal: over.signal, receivedBytes: 0 };
  const { promise, resolve } = Promise.withResolvers<RawEnd>();
  const timer = setTimeout(() => resolve("timeout"), timeoutMs);
  socket.on("error", (error) => resolve(endOf(error)));
  socket.on("close", () => resolve("left"));
  if (read) {
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      conversation.receivedBytes += chunk.length;
      reader.push(chunk);
      if (reader.replies.length >= replies) resolve("replied");
    });
    socket.on("end", () => {
      reader.end();
      resolve("closed");
    });
  }
  void takeAll(conversation, steps);
  const ended = await promise;
  over.abort();
  clearTimeout(timer);
  socket.destroy();
  return {
    ended,
    replies: reader.replies,
    informational: reader.informational,
    surplusBytes: reader.pendingBytes,
    text: Buffer.concat(chunks).toString("latin1"),
    elapsedMs: performance.now() - begin,
  };
}
