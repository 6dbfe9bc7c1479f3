import { expect, test } from "vitest";
import { canonicalHost, isLoopback, rejectHost } from "../src/http/allowed-hosts.ts";

test.each([
  ["127.0.0.1", true],
  ["127.8.0.1", true],
  ["::1", true],
  ["::ffff:127.0.0.1", true],
  ["0.0.0.0", false],
  ["::", false],
  ["10.0.0.1", false],
])("tells whether %s reaches this machine only: %s", (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});

test("needs exactly one Host header everywhere", () => {
  for (const loopback of [true, false]) {
    expect(rejectHost([], loopback, undefined)).toBe(400);
    expect(rejectHost(["localhost", "localhost"], loopback, undefined)).toBe(400);
  }
});

test("lets any name pass beyond loopback unless names are given", () => {
  expect(rejectHost(["metrics.example:9464"], false, undefined)).toBeUndefined();
  expect(rejectHost(["metrics.example:9464"], false, ["metrics.example"])).toBeUndefined();
  expect(rejectHost(["METRICS.example"], false, ["metrics.example"])).toBeUndefined();
  expect(rejectHost(["evil.example"], false, ["metrics.example"])).toBe(403);
  expect(rejectHost(["localhost"], false, ["metrics.example"])).toBe(403);
});

test("lets loopback names and given ones pass on loopback", () => {
  for (const host of ["localhost", "127.0.0.1:1", "[::1]:9464", "metrics.example"])
    expect(rejectHost([host], true, ["metrics.example"])).toBeUndefined();
  expect(rejectHost(["evil.example"], true, ["metrics.example"])).toBe(403);
  expect(rejectHost(["metrics.example"], true, undefined)).toBe(403);
});

test("compares IPv6 names in brackets", () => {
  expect(rejectHost(["[FD00::7]:9464"], false, ["fd00::7"].map(canonicalHost))).toBeUndefined();
  expect(rejectHost(["[fd00::8]"], false, ["fd00::7"].map(canonicalHost))).toBe(403);
});
