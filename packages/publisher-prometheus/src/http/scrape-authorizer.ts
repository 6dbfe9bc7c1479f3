// Authorization of scrapes: HTTP Basic or a bearer token.
import { createHash, timingSafeEqual } from "node:crypto";
import { isPublisherError } from "@eventmeter/core";
import {
  createSecretReader,
  passwordRule,
  type Reporter,
  type SecretReader,
  tokenRule,
} from "@eventmeter/core/publisher";
import type { Clock } from "@eventmeter/core";
import type { ScrapeAuth } from "../scrape-option-rules.ts";

/** How a request stands to the credentials: `unknown` if the function that returns them failed. */
export type Authorization = "allowed" | "denied" | "unknown";

/** How often a function that returns a secret is called again at most, in milliseconds, whoever sends wrong credentials. */
const READ_INTERVAL_MS = 10_000;

interface AuthorizerParts {
  readonly name: string;
  readonly clock: Clock;
  readonly reporter: Pick<Reporter, "forward">;
}

/** Decides who may see the metrics page; everybody if no credentials are configured. */
export class ScrapeAuthorizer {
  /** `WWW-Authenticate` header of a 401; undefined if everybody may see the page. */
  readonly challenge: string | undefined;
  readonly #parts: AuthorizerParts;
  readonly #scheme: "Basic" | "Bearer" = "Basic";
  /** Whether the secret can change. */
  readonly #isFunction: boolean = false;
  readonly #secret: SecretReader | undefined;
  /** Returns what follows the scheme in the header. */
  readonly #encode: (secret: string) => string = (secret) => secret;
  /** The secret that was read last, and the digest of what it makes of the header. */
  #known: { readonly secret: string; readonly digest: Buffer } | undefined;
  /** The call of the function that is under way. Never rejects. */
  #reading: Promise<void> | undefined;
  /** When the function was called last, on the monotonic clock. */
  #lastRead = -Infinity;

  constructor(auth: ScrapeAuth | undefined, parts: AuthorizerParts) {
    this.#parts = parts;
    if (auth === undefined) return;
    const { bearer, username, password } = auth;
    const secret = bearer ?? password;
    this.#scheme = bearer === undefined ? "Basic" : "Bearer";
    if (bearer === undefined) this.#encode = (given) => Buffer.from(`${username}:${given}`, "utf8").toString("base64");
    this.challenge = bearer === undefined ? 'Basic realm="metrics", charset="UTF-8"' : 'Bearer realm="metrics"';
    this.#isFunction = typeof secret === "function";
    this.#secret = createSecretReader({
      secret,
      name: bearer === undefined ? "auth.password" : "auth.bearer",
      rule: bearer === undefined ? passwordRule : tokenRule(),
      publisher: parts.name,
      clock: parts.clock,
    });
    if (typeof secret === "string") this.#know(secret);
  }

  /** Resolves to the `Authorization` header that is accepted, for the publisher's own probe. Never rejects. */
  async credentials(): Promise<string | undefined> {
    if (this.#secret === undefined) return undefined;
    await this.#readAgain();
    return this.#known === undefined ? undefined : `${this.#scheme} ${this.#encode(this.#known.secret)}`;
  }

  /** Judges an `Authorization` header, in a time that does not depend on how much of it is right. Never rejects. */
  async judge(authorization = ""): Promise<Authorization> {
    if (this.#secret === undefined) return "allowed";
    const at = authorization.indexOf(" ");
    const scheme = authorization.slice(0, Math.max(at, 0));
    // Without the right scheme there is nothing that a newer secret could change.
    if (scheme.toLowerCase() !== this.#scheme.toLowerCase()) return "denied";
    const given = digest(authorization.slice(at + 1).trim());
    if (this.#matches(given)) return "allowed";
    await this.#readAgain();
    if (this.#known === undefined) return "unknown";
    return this.#matches(given) ? "allowed" : "denied";
  }

  #matches(given: Buffer): boolean {
    return this.#known !== undefined && timingSafeEqual(given, this.#known.digest);
  }

  /** Calls the function, unless that was done a moment ago: nobody can call it at will by sending wrong credentials. */
  #readAgain(): Promise<void> | undefined {
    if (!this.#isFunction || this.#reading !== undefined) return this.#reading;
    const now = this.#parts.clock.monotonic();
    if (now - this.#lastRead < READ_INTERVAL_MS) return undefined;
    this.#lastRead = now;
    this.#reading = this.#read();
    return this.#reading;
  }

  async #read(): Promise<void> {
    try {
      if (this.#known !== undefined) this.#secret?.reject(this.#known.secret);
      const secret = await this.#secret?.read();
      if (secret !== undefined) this.#know(secret);
    } catch (cause) {
      // The secret that is known stays valid: a function that fails for a while costs no scrape.
      if (isPublisherError(cause)) this.#parts.reporter.forward(cause);
    } finally {
      this.#reading = undefined;
    }
  }

  #know(secret: string): void {
    this.#known = { secret, digest: digest(this.#encode(secret)) };
  }
}

// Equal lengths for any input, and nothing to learn from where two of them begin to differ.
function digest(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
