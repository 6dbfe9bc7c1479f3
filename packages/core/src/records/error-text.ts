// Text of anything that can be thrown: message, type and code.
import { cut, cutBytes } from "./cut-text.ts";

const MAX_MESSAGE_BYTES = 8_192;
const MAX_TYPE_LENGTH = 1_024;
const UNREADABLE = "[unreadable error]";

/** Returns the message of anything that can be thrown, at most 8 KiB of well-formed text; null for null and undefined. Never throws. */
export function errorMessage(caught: unknown): string | null {
  if (caught === null || caught === undefined) return null;
  try {
    return cutBytes(messageOf(caught), MAX_MESSAGE_BYTES).toWellFormed();
  } catch {
    return UNREADABLE;
  }
}

function messageOf(caught: unknown): string {
  if (typeof caught === "string") return caught;
  if (typeof caught === "function") return `[function ${caught.name}]`;
  if (typeof caught === "bigint") return "[bigint]";
  if (typeof caught !== "object" || caught === null) return String(caught);
  const { message } = caught as { message?: unknown };
  if (typeof message === "string" && message !== "") return message;
  // The text of a list or a buffer could be as long as memory; and a toString may return anything.
  if (Array.isArray(caught) || ArrayBuffer.isView(caught)) return `[${caught.constructor.name}]`;
  const printable: { toString(): unknown } = caught;
  const printed = printable.toString();
  return typeof printed === "string" ? printed : UNREADABLE;
}

/** Returns the low-cardinality type of an Error: its `code`, else its `name`; null for anything else. Never throws. */
export function errorTypeOf(caught: unknown): string | null {
  if (typeof caught !== "object" || caught === null) return null;
  try {
    const { message, code, name } = caught as { message?: unknown; code?: unknown; name?: unknown };
    if (typeof message !== "string") return null;
    // The number in a DOMException's `code` is a legacy constant (20 for an abort); its name says what happened.
    const legacy = Object.prototype.toString.call(caught) === "[object DOMException]";
    if (!legacy && typeof code === "string" && code !== "") return cut(code, MAX_TYPE_LENGTH);
    if (!legacy && typeof code === "number" && Number.isFinite(code)) return String(code);
    return typeof name === "string" && name !== "" ? cut(name, MAX_TYPE_LENGTH) : null;
  } catch {
    return null;
  }
}

/** Returns the code of a failure in brackets, to follow a message, if it is a constant such as `ECONNREFUSED`; otherwise `""`. */
export function codeText(caught: unknown): string {
  const type = errorTypeOf(caught);
  return type !== null && /^[A-Z][A-Z0-9_]{2,39}$/.test(type) ? ` (${type})` : "";
}
