// Secrets that change: when a function is called, what it may return, and what messages show.
import { describe, expect, test, vi } from "vitest";
import type { Secret } from "../src/index.ts";
import {
  checkOptions,
  createSecretReader,
  type SecretReader,
  secretRule,
  systemClock,
  tokenRule,
} from "../src/publisher.ts";
import { createVirtualClock } from "../../testkit/src/virtual-clock.ts";

const CANARY = "Canary-7d1f";
const rule = tokenRule();

function readerOf(secret: Secret, clock = systemClock): SecretReader {
  return createSecretReader({ secret, name: "auth.apiKey", rule, publisher: "example", clock });
}

describe("the rule", () => {
  const check = (secret: unknown): void => checkOptions("example", { secret }, { secret: secretRule(rule) });

  test("accepts a text that the inner rule accepts, and any function", () => {
    check(CANARY);
    check(() => CANARY);
    check(async () => CANARY);
  });

  test.each([5, "", "two words", {}, null])("rejects %j as the inner rule does", (secret) => {
    expect(() => check(secret)).toThrow("expected a token of visible ASCII characters");
  });
});

describe("a text", () => {
  test("is returned at once, also after it was rejected", () => {
    const reader = readerOf(CANARY);
    expect(reader.read()).toBe(CANARY);
    reader.reject(CANARY);
    expect(reader.read()).toBe(CANARY);
  });

  test("is normalised once", () => {
    const normalise = vi.fn((text: string) => text.trim());
    const reader = createSecretReader({
      secret: ` ${CANARY} `,
      name: "apiKey",
      rule,
      normalise,
      publisher: "example",
      clock: systemClock,
    });
    expect([reader.read(), reader.read()]).toEqual([CANARY, CANARY]);
    expect(normalise).toHaveBeenCalledTimes(1);
  });
});

describe("a function", () => {
  test("is called at the first read only, and once for concurrent reads", async () => {
    const secret = vi.fn(async () => CANARY);
    const reader = readerOf(secret);
    expect(secret).not.toHaveBeenCalled();
    expect(await Promise.all([reader.read(), reader.read()])).toEqual([CANARY, CANARY]);
    expect(reader.read()).toBe(CANARY);
    expect(secret).toHaveBeenCalledTimes(1);
  });

  test("is called again after its secret was rejected, once for all requests that failed with it", async () => {
    let version = 0;
    const secret = vi.fn(() => `v${(version += 1)}`);
    const reader = readerOf(secret);
    expect(await reader.read()).toBe("v1");
    reader.reject("v1");
    expect(await reader.read()).toBe("v2");
    reader.reject("v1");
    reader.reject("v1");
    expect(reader.read()).toBe("v2");
    expect(secret).toHaveBeenCalledTimes(2);
  });

  test.each<readonly [string, () => unknown, string]>([
    [
      "throws",
      () => {
        throw new Error(CANARY);
      },
      "the function failed",
    ],
    [
      "throws a code",
      () => {
        throw Object.assign(new Error(CANARY), { code: "ENOENT" });
      },
      "the function failed (ENOENT)",
    ],
    ["rejects", () => Promise.reject(new Error(CANARY)), "the function failed"],
    ["returns a number", () => 5, "the function returned an invalid value: expected a non-empty string, got a number"],
    [
      "returns nothing",
      () => undefined,
      "the function returned an invalid value: expected a non-empty string, got undefined",
    ],
    [
      "returns what the rule rejects",
      () => `${CANARY} two`,
      "the function returned an invalid value: expected a token of visible ASCII characters",
    ],
  ])("that %s is a retryable error without the secret, and is called again", async (_, secret, message) => {
    let isBroken = true;
    const reader = readerOf(() => (isBroken ? (secret() as string) : CANARY));
    await expect(Promise.resolve(reader.read())).rejects.toMatchObject({
      code: "credentials-failed",
      publisher: "example",
      retryable: true,
      message: `example: auth.apiKey: ${message}`,
    });
    isBroken = false;
    expect(await reader.read()).toBe(CANARY);
  });

  test("that hangs is given up after 10 seconds, and called again", async () => {
    const clock = createVirtualClock();
    const secret = vi.fn<() => Promise<string>>(() => new Promise(() => {}));
    const reader = readerOf(secret, clock);
    const failed = expect(Promise.resolve(reader.read())).rejects.toThrow(
      "auth.apiKey: the function returned no secret within 10000 ms",
    );
    await clock.advance(10_000);
    await failed;
    secret.mockResolvedValue(CANARY);
    expect(await reader.read()).toBe(CANARY);
    expect(secret).toHaveBeenCalledTimes(2);
  });
});
