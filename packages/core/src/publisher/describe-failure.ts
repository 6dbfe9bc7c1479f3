// Text about what foreign code threw, for messages that people read.
import { codeText, errorMessage, errorTypeOf } from "../records/error-text.ts";
import { isPublisherError } from "./publisher-error.ts";

/**
 * Returns what can be shown of a failure, to follow a message: message and code of a `PublisherError`, which is written for
 * people; name and code of any other error, such as ` (TypeError)` or ` (ECONNREFUSED)`, since its message can repeat a payload
 * or a secret; otherwise `""`. Never throws.
 */
export function describeFailure(caught: unknown): string {
  if (isPublisherError(caught)) return `: ${errorMessage(caught) ?? ""} (${errorTypeOf(caught) ?? ""})`;
  const code = codeText(caught);
  const name = nameOf(caught);
  // The name of a plain Error says nothing.
  if (name === undefined || name === "Error") return code;
  return code === "" ? ` (${name})` : ` (${name}${code.replace(" (", " ")}`;
}

function nameOf(caught: unknown): string | undefined {
  try {
    const { name, message } = (caught ?? {}) as { readonly name?: unknown; readonly message?: unknown };
    if (typeof message !== "string" || typeof name !== "string") return undefined;
    // Nothing but an identifier: a name can be set to anything.
    return /^[A-Z][A-Za-z0-9]{1,59}$/.test(name) ? name : undefined;
  } catch {
    return undefined;
  }
}
