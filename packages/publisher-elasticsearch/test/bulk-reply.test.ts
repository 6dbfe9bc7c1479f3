import { describe, expect, test } from "vitest";
import { readBulkReply } from "../src/bulk/bulk-reply.ts";

/** A reply in which a server stored so many documents. */
function storedReply(count: number): { readonly text: string; readonly body: unknown } {
  const body = { errors: false, items: Array.from({ length: count }, () => ({ create: { status: 201 } })) };
  return { text: JSON.stringify(body), body };
}

describe("a reply that every document is stored", () => {
  test.each([1, 3, 3, 1_000, 1])("delivers a batch of %d", (count) => {
    expect(readBulkReply(storedReply(count), count)).toMatchObject({
      outcome: { kind: "delivered" },
      anyStored: true,
      laneRejection: undefined,
      inFailureStore: 0,
      isBusy: false,
    });
  });

  test("is a retry for a batch of another size, also after a batch of its own size", () => {
    for (const [replied, sent] of [
      [1, 2],
      [2, 1],
    ] as const) {
      expect(readBulkReply(storedReply(replied), replied).outcome).toEqual({ kind: "delivered" });
      expect(readBulkReply(storedReply(replied), sent)).toMatchObject({ outcome: { kind: "retry" }, anyStored: false });
    }
  });
});
