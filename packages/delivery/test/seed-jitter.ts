import { createSeededRandom } from "@eventmeter/testkit";
import { vi } from "vitest";

/** Makes jitter repeat, until the mocks are restored. */
export function seedJitter(seed: number): void {
  const { integer } = createSeededRandom(seed);
  vi.spyOn(Math, "random").mockImplementation(() => integer(2 ** 31) / 2 ** 31);
}
