import type { Reply } from "./request.ts";

/** Most of a server's words that are looked at. */
const MAX_LENGTH = 4_096;

/**
 * Gives what a server says, to look for known words in: its JSON, protobuf and plain texts hold the same ones.
 * It may quote labels, so that none of it is ever repeated as it is.
 */
export function serverText({ body }: Pick<Reply, "body">): string {
  return Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, MAX_LENGTH)).toString("latin1");
}

/** Gives the codes among a server's words in brackets, to be put behind a message: they are constants, as `err-mimir-max-series-per-user`. */
export function serverCode(text: string): string {
  const codes = new Set(text.match(/(?<![\w-])err-mimir-[a-z]+(?:-[a-z]+){0,9}(?![\w-])/g));
  return codes.size === 0 ? "" : ` (${[...codes].slice(0, 3).join(", ")})`;
}
