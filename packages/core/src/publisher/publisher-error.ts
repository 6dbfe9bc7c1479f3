// The error class of all publishers, recognised across copies of this package.
import type { ErrorCode } from "./error-codes.ts";

const BRAND = Symbol.for("eventmeter.PublisherError");

/** Properties that a `PublisherError` is created with. */
export interface PublisherErrorInit {
  /** What happened, in kebab-case. */
  readonly code: ErrorCode;
  /** Name of the publisher. */
  readonly publisher: string;
  /** Whether the same thing may succeed later. @default false */
  readonly retryable?: boolean | undefined;
  /** How many records this failure cost. @default 0 */
  readonly dropped?: number | undefined;
  readonly cause?: unknown;
}

/** A failure of a publisher, with a documented code. Recognise it by `isPublisherError`, never by `instanceof`. */
export class PublisherError extends Error {
  readonly code: ErrorCode;
  readonly publisher: string;
  /** Whether the same thing may succeed later. */
  readonly retryable: boolean;
  /** How many records this failure cost. */
  readonly dropped: number;

  constructor(message: string, init: PublisherErrorInit) {
    super(`${init.publisher}: ${message}`, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = "PublisherError";
    this.code = init.code;
    this.publisher = init.publisher;
    this.retryable = init.retryable ?? false;
    this.dropped = init.dropped ?? 0;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Returns whether a caught value is a `PublisherError`, including one of another copy of this package. */
export function isPublisherError(caught: unknown): caught is PublisherError {
  try {
    return typeof caught === "object" && caught !== null && (caught as Record<symbol, unknown>)[BRAND] === true;
  } catch {
    return false;
  }
}
