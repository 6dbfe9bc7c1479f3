import { createHash, timingSafeEqual } from "node:crypto";
import type { ScrapeAuth } from "../options.ts";

/** Who may read the page. */
export interface Gate {
  /** What a refused client is told to send; undefined if everybody may read. */
  readonly challenge: string | undefined;
  /** The header that opens the gate, for the publisher's own probe. */
  readonly credentials: string | undefined;
  /** Tells whether an Authorization header opens the gate, in a time that does not depend on how much of it is right. */
  opens(authorization: string | undefined): boolean;
}

/** Makes the gate of one publisher. */
export function createGate(auth: ScrapeAuth | undefined): Gate {
  if (auth === undefined) return { challenge: undefined, credentials: undefined, opens: () => true };
  const isBearer = auth.bearer !== undefined;
  const scheme = isBearer ? "Bearer" : "Basic";
  const secret = isBearer ? auth.bearer : Buffer.from(`${auth.username}:${auth.password}`, "utf8").toString("base64");
  const expected = digest(secret);
  return {
    challenge: isBearer ? 'Bearer realm="metrics"' : 'Basic realm="metrics", charset="UTF-8"',
    credentials: `${scheme} ${secret}`,
    opens(authorization = "") {
      const at = authorization.indexOf(" ");
      const given = digest(authorization.slice(at + 1).trim());
      const isScheme = authorization.slice(0, Math.max(at, 0)).toLowerCase() === scheme.toLowerCase();
      return timingSafeEqual(given, expected) && isScheme;
    },
  };
}

// Equal lengths for any input, and nothing to learn from where two of them begin to differ.
function digest(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
