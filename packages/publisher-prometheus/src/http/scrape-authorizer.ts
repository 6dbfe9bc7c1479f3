// Authorization of scrapes: HTTP Basic or a bearer token.
import { createHash, timingSafeEqual } from "node:crypto";
import type { ScrapeAuth } from "../options.ts";

/** Decides who may see the metrics page; everybody if no credentials are configured. */
export class ScrapeAuthorizer {
  /** `WWW-Authenticate` header of a 401; undefined if everybody may see the page. */
  readonly challenge: string | undefined;
  readonly #scheme: string = "";
  readonly #credentials: string | undefined;
  readonly #expected: Buffer = digest("");

  constructor(auth: ScrapeAuth | undefined) {
    if (auth === undefined) return;
    const isBearer = auth.bearer !== undefined;
    const secret = isBearer ? auth.bearer : Buffer.from(`${auth.username}:${auth.password}`, "utf8").toString("base64");
    this.challenge = isBearer ? 'Bearer realm="metrics"' : 'Basic realm="metrics", charset="UTF-8"';
    this.#scheme = isBearer ? "Bearer" : "Basic";
    this.#credentials = `${this.#scheme} ${secret}`;
    this.#expected = digest(secret);
  }

  /** The `Authorization` header that is accepted, for the publisher's own probe. */
  get credentials(): string | undefined {
    return this.#credentials;
  }

  /** Returns whether an `Authorization` header is accepted, in a time that does not depend on how much of it is right. */
  allows(authorization = ""): boolean {
    if (this.#credentials === undefined) return true;
    const at = authorization.indexOf(" ");
    const given = digest(authorization.slice(at + 1).trim());
    const scheme = authorization.slice(0, Math.max(at, 0));
    return timingSafeEqual(given, this.#expected) && scheme.toLowerCase() === this.#scheme.toLowerCase();
  }
}

// Equal lengths for any input, and nothing to learn from where two of them begin to differ.
function digest(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
