import { describe, expect, test } from "vitest";
import { JsonWriter } from "../src/documents/json-writer.ts";

/** Writes texts of so many characters one after the other, each as a document of its own; returns the memory behind each. */
function memoryBehind(...lengths: readonly number[]): ArrayBufferLike[] {
  const writer = new JsonWriter();
  return lengths.map((length) => {
    writer.writeText("x".repeat(length));
    const taken = writer.take();
    expect(taken).toHaveLength(length + 2);
    return taken.buffer;
  });
}

describe("the buffer of a writer", () => {
  test("serves document after document", () => {
    const [first, second, third] = memoryBehind(10, 4_000, 10);
    expect(second).toBe(first);
    expect(third).toBe(first);
  });

  test("is kept up to 65,536 bytes", () => {
    const [grown, next] = memoryBehind(65_534, 10);
    expect(grown?.byteLength).toBe(65_536);
    expect(next).toBe(grown);
  });

  test("is released after a document that needed more, so that one large document does not hold memory", () => {
    const [grown, next] = memoryBehind(65_535, 10);
    expect(grown?.byteLength).toBeGreaterThan(65_536);
    expect(next?.byteLength).toBe(4_096);
  });

  test("keeps what was written before it grows", () => {
    const writer = new JsonWriter();
    const texts = Array.from({ length: 40 }, (_, index) => `${index}-`.repeat(100));
    for (const text of texts) writer.writeTextMember(',"a":', text);
    expect(Buffer.from(writer.take()).toString()).toBe(texts.map((text) => `,"a":"${text}"`).join(""));
  });
});
