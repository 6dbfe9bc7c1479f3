import { createHash } from "node:crypto";

/** Longest id that Elasticsearch takes, in bytes of UTF-8; a longer one makes it refuse the whole request. */
const MAX_ID_BYTES = 512;

/**
 * Gives the id that a document is stored by: the caller's own, or the one that was stamped at publish.
 * An id that is too long or no well-formed text becomes `sha256-` and a digest of it, the same one every time.
 */
export function documentId(recordId: string | undefined, stamped: string): string {
  if (recordId === undefined || recordId === "") return stamped;
  const fits = recordId.length * 3 <= MAX_ID_BYTES || Buffer.byteLength(recordId) <= MAX_ID_BYTES;
  if (fits && recordId.isWellFormed()) return recordId;
  // Quoted, lone surrogates stay different from each other.
  return `sha256-${createHash("sha256").update(JSON.stringify(recordId)).digest("hex")}`;
}
