import { expect, test } from "vitest";
import { uuidV7 } from "../src/index.ts";

const NOW = Date.UTC(2026, 10, 22, 12, 34, 56, 789);

test("is laid out as RFC 9562 says", () => {
  for (let count = 0; count < 10_000; count += 1) {
    const id = uuidV7(NOW);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16)).toBe(NOW);
  }
});

test("is unique among a million of one millisecond", () => {
  const seen = new Set<string>();
  for (let count = 0; count < 1_000_000; count += 1) seen.add(uuidV7(NOW));
  expect(seen.size).toBe(1_000_000);
});

test("every random bit is used, and none depends on another", () => {
  const ones = Array.from({ length: 74 }, () => 0);
  let agreeing = 0;
  for (let count = 0; count < 4_000; count += 1) {
    const hex = uuidV7(NOW).replaceAll("-", "");
    const bits = BigInt(`0x${hex}`).toString(2).padStart(128, "0");
    const random = bits.slice(52, 64) + bits.slice(66);
    for (let at = 0; at < 74; at += 1) ones[at] = (ones[at] ?? 0) + Number(random[at]);
    // The two bits beside the variant are none of the other random bits.
    const beside = Number.parseInt(hex[16] ?? "", 16) & 3;
    if (beside === (Number.parseInt(hex.slice(30), 16) & 3)) agreeing += 1;
  }
  for (const count of ones) expect(Math.abs(count - 2_000)).toBeLessThan(200);
  expect(Math.abs(agreeing - 1_000)).toBeLessThan(200);
});

test("sorts by time, and takes any clock", () => {
  const times = [NOW, NOW + 1, NOW + 1_000_000, NOW];
  const timeOf = (id: string): number => Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
  expect(times.map((now) => timeOf(uuidV7(now)))).toEqual(times);
  for (const odd of [-1, 0, 0.5, 2 ** 60, 1e300]) expect(uuidV7(odd)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
});
