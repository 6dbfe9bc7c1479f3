// Replies of the fault server, and everything that can go wrong with one.
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";

/** What goes wrong with a reply. */
export type Fault =
  /** The connection is accepted and the request read; nothing ever comes. */
  | "hang"
  /** The request is not read beyond its headers, so that an upload stalls; nothing ever comes. */
  | "stall"
  /** The reply comes one byte at a time, every `intervalMs`. */
  | "drip"
  /** The connection is reset once the request is read. */
  | "reset"
  /** The connection is reset in the middle of the headers of the reply. */
  | "reset-in-headers"
  /** The connection is reset after the headers, before the body. */
  | "reset-after-headers"
  /** The body ends before its Content-Length. */
  | "cut-body"
  /** The reply is complete; the connection is reset when it is used again. */
  | "reset-on-reuse"
  /** 1,000 replies with status 102 come first. */
  | "flood"
  /** The body has 64 MiB, sent for as long as the client reads. */
  | "endless-body"
  /** The reply comes before the body of the request is read, and the connection is closed. */
  | "early"
  /** The reply is not HTTP. */
  | "garbage";

/** How one request is answered; without a fault, by a whole reply with keep-alive. */
export interface FaultReply {
  /** @default 200 */
  readonly status?: number | undefined;
  /** In addition to Content-Length, or instead of it if named here; an array repeats a header. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** @default empty */
  readonly body?: string | Uint8Array | undefined;
  /** How long the reply takes to begin, in real milliseconds. @default 0 */
  readonly delayMs?: number | undefined;
  /** Time between two bytes of a drip, in real milliseconds. @default 20 */
  readonly intervalMs?: number | undefined;
  readonly fault?: Fault | undefined;
}

const FLOOD = "HTTP/1.1 102 Processing\r\n\r\n".repeat(1_000);
const ENDLESS_BYTES = 64 * 2 ** 20;

/** Returns whether a reply does not wait for the body of the request. */
export function repliesEarly({ fault }: FaultReply): boolean {
  return fault === "early" || fault === "stall";
}

/** Sends one reply with its fault; returns false if the connection is over. */
export async function sendReply(socket: Socket, reply: FaultReply): Promise<boolean> {
  const { fault, delayMs = 0, intervalMs = 20 } = reply;
  if (fault === "stall") {
    socket.pause();
    return false;
  }
  if (delayMs > 0 && !(await pause(socket, delayMs))) return false;
  const body = Buffer.from(reply.body ?? "");
  const head = headOf(reply, body.length);
  switch (fault) {
    case "hang":
      return false;
    case "reset":
      return reset(socket, "");
    case "reset-in-headers":
      return reset(socket, head.slice(0, head.length / 2));
    case "reset-after-headers":
      return reset(socket, head);
    case "garbage":
      return reset(socket, "\u0016\u0003\u0001 this is no HTTP\r\n\r\n");
    case "cut-body":
      socket.end(Buffer.concat([Buffer.from(head), body.subarray(0, body.length - 1)]));
      return false;
    case "early":
      socket.end(Buffer.concat([Buffer.from(head), body]));
      return false;
    case "drip":
      return drip(socket, Buffer.concat([Buffer.from(head), body]), intervalMs);
    case "endless-body":
      return pour(socket, head);
    case "flood":
      socket.write(FLOOD);
      break;
    case "reset-on-reuse":
      socket.once("data", () => socket.resetAndDestroy());
      break;
    default:
  }
  return socket.write(Buffer.concat([Buffer.from(head), body])) || socket.writable;
}

function headOf({ status = 200, headers = {}, fault }: FaultReply, length: number): string {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}`];
  for (const [name, value] of Object.entries(headers))
    for (const each of typeof value === "string" ? [value] : value) lines.push(`${name}: ${each}`);
  const named = Object.keys(headers).some((name) => /^(content-length|transfer-encoding)$/i.test(name));
  const bodiless = status < 200 || status === 204 || status === 304;
  // One byte more than is sent, also of an empty body.
  if (fault === "cut-body" && !named) lines.push(`content-length: ${Math.max(length, 1)}`);
  else if (fault !== "endless-body" && !named && !bodiless) lines.push(`content-length: ${length}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}

async function reset(socket: Socket, first: string): Promise<false> {
  // What was written has to be sent before the reset overtakes it.
  if (first !== "") await new Promise<void>((resolve) => socket.write(first, () => resolve()));
  socket.resetAndDestroy();
  return false;
}

async function drip(socket: Socket, bytes: Buffer, intervalMs: number): Promise<boolean> {
  for (const byte of bytes) {
    if (!(await pause(socket, intervalMs))) return false;
    socket.write(Buffer.of(byte));
  }
  return true;
}

async function pour(socket: Socket, head: string): Promise<false> {
  socket.write(head);
  const block = Buffer.alloc(65_536, "x");
  for (let poured = 0; poured < ENDLESS_BYTES && !socket.destroyed; poured += block.length)
    if (!socket.write(block)) await drained(socket);
  socket.end();
  return false;
}

/** Waits until the client has read what was written, or is gone. */
async function drained(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once("drain", resolve).once("close", resolve);
  await promise;
  socket.off("drain", resolve).off("close", resolve);
}

/** Waits; returns false if the connection ends first. */
async function pause(socket: Socket, ms: number): Promise<boolean> {
  if (socket.destroyed) return false;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  socket.once("close", resolve);
  await promise;
  clearTimeout(timer);
  socket.off("close", resolve);
  return !socket.destroyed;
}
