// Secrets that are given as texts, or as functions that return the current text.
import { PublisherError } from "../publisher/publisher-error.ts";
import type { Clock } from "../publisher/contract.ts";
import { describeFailure } from "../publisher/describe-failure.ts";
import { runDetached } from "../time/run-detached.ts";
import { option, type OptionRule } from "./option-rules.ts";

/**
 * A secret text, such as an API key. A function returns the current one; it is called when the secret is first needed, and
 * again after the backend has rejected what it returned.
 */
export type Secret = string | (() => string | PromiseLike<string>);

/** Creates the rule of an option that takes a `Secret`. @param rule what the text must be */
export function secretRule(rule: OptionRule): OptionRule {
  return (value, report) => {
    if (typeof value !== "function") rule(value, report);
  };
}

/** Longest time that a function may take to return a secret, in milliseconds. */
const READ_TIMEOUT_MS = 10_000;
const LATE = Symbol("late");

/** What a secret reader is created with. */
export interface SecretReaderOptions {
  readonly secret: Secret;
  /** Name of the option, for messages, such as `auth.apiKey`. */
  readonly name: string;
  /** What the text must be; the same rule that `secretRule` got. */
  readonly rule: OptionRule;
  /** Prepares a valid text for use. @default as it is */
  readonly normalise?: ((text: string) => string) | undefined;
  /** Name of the publisher. */
  readonly publisher: string;
  readonly clock: Clock;
}

/** Reads one secret, and keeps it until it is rejected. */
export interface SecretReader {
  /**
   * Returns the secret: at once if it is a text or known already. Rejects with a retryable `PublisherError`, code
   * `credentials-failed`, if the function throws, returns anything but a valid text, or takes longer than 10 seconds.
   */
  read(): string | Promise<string>;
  /** Records that the backend rejected a secret: if it is the current one, the next read() calls the function again. */
  reject(rejected: string): void;
}

/** Creates the reader of one secret. */
export function createSecretReader(options: SecretReaderOptions): SecretReader {
  const { secret, normalise } = options;
  if (typeof secret === "function") return new FunctionSecretReader(options, secret);
  const text = normalise === undefined ? secret : normalise(secret);
  return { read: () => text, reject() {} };
}

class FunctionSecretReader implements SecretReader {
  readonly #options: SecretReaderOptions;
  readonly #readSecret: () => unknown;
  #current: string | undefined;
  /** The call under way, which concurrent reads share. */
  #reading: Promise<string> | undefined;

  constructor(options: SecretReaderOptions, readSecret: () => unknown) {
    this.#options = options;
    this.#readSecret = readSecret;
  }

  read(): string | Promise<string> {
    return this.#current ?? (this.#reading ??= runDetached(() => this.#read()));
  }

  reject(rejected: string): void {
    // A reply to an older secret says nothing about the current one.
    if (rejected === this.#current) this.#current = undefined;
  }

  async #read(): Promise<string> {
    try {
      const text = this.#valid(await this.#call());
      this.#current = text;
      return text;
    } finally {
      this.#reading = undefined;
    }
  }

  async #call(): Promise<unknown> {
    // A turn later: #reading is set before a function that throws at once resets it.
    await Promise.resolve();
    const { promise: late, resolve } = Promise.withResolvers<typeof LATE>();
    const timer = this.#options.clock.setTimeout(() => resolve(LATE), READ_TIMEOUT_MS);
    let given: unknown;
    try {
      given = await Promise.race([this.#readSecret(), late]);
    } catch (cause) {
      throw this.#failure(`the function failed${describeFailure(cause)}`, cause);
    } finally {
      timer.cancel();
    }
    if (given === LATE) throw this.#failure(`the function returned no secret within ${READ_TIMEOUT_MS} ms`);
    return given;
  }

  #valid(given: unknown): string {
    const { rule, normalise } = this.#options;
    const problems: string[] = [];
    const report = (expected: string): void => void problems.push(expected);
    option.string({ maxLength: Infinity })(given, report);
    if (problems.length === 0) rule(given, report);
    if (problems.length > 0) throw this.#failure(`the function returned an invalid value: ${problems.join("; ")}`);
    const text = given as string;
    return normalise === undefined ? text : normalise(text);
  }

  #failure(message: string, cause?: unknown): PublisherError {
    const { name, publisher } = this.#options;
    return new PublisherError(`${name}: ${message}`, {
      code: "credentials-failed",
      publisher,
      retryable: true,
      cause,
    });
  }
}
