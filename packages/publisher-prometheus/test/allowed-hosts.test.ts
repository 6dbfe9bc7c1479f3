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

/** Judges a request of HTTP/1.1 with these Host headers. */
function reject(
  hosts: readonly string[],
  loopback: boolean,
  allowedHosts: readonly string[] | undefined,
): 400 | 403 | undefined {
  return rejectHost({ hosts, httpVersion: "1.1" }, loopback, allowedHosts);
}

test("needs exactly one Host header everywhere", () => {
  for (const loopback of [true, false]) {
    expect(reject([], loopback, undefined)).toBe(400);
    expect(reject(["localhost", "localhost"], loopback, undefined)).toBe(400);
  }
});

test("needs no Host header in HTTP/1.0, but checks one that is there", () => {
  for (const loopback of [true, false]) {
    expect(rejectHost({ hosts: [], httpVersion: "1.0" }, loopback, ["metrics.example"])).toBeUndefined();
    expect(rejectHost({ hosts: ["evil.example"], httpVersion: "1.0" }, loopback, ["metrics.example"])).toBe(403);
    expect(rejectHost({ hosts: [], httpVersion: "0.9" }, loopback, undefined)).toBe(400);
  }
});

test("checks the host of a target in absolute form as well", () => {
  const judge = (host: string, authority: string): 400 | 403 | undefined =>
    rejectHost({ hosts: [host], authority, httpVersion: "1.1" }, true, undefined);
  expect(judge("localhost", "127.0.0.1:9464")).toBeUndefined();
  expect(judge("localhost", "evil.example")).toBe(403);
  expect(judge("evil.example", "localhost")).toBe(403);
});

test("lets any name pass beyond loopback unless names are given", () => {
  expect(reject(["metrics.example:9464"], false, undefined)).toBeUndefined();
  expect(reject(["metrics.example:9464"], false, ["metrics.example"])).toBeUndefined();
  expect(reject(["METRICS.example"], false, ["metrics.example"])).toBeUndefined();
  expect(reject(["evil.example"], false, ["metrics.example"])).toBe(403);
  expect(reject(["localhost"], false, ["metrics.example"])).toBe(403);
});

test("lets loopback names and given ones pass on loopback", () => {
  for (const host of ["localhost", "127.0.0.1:1", "[::1]:9464", "metrics.example"])
    expect(reject([host], true, ["metrics.example"])).toBeUndefined();
  expect(reject(["evil.example"], true, ["metrics.example"])).toBe(403);
  expect(reject(["metrics.example"], true, undefined)).toBe(403);
});

test("compares IPv6 names in brackets", () => {
  expect(reject(["[FD00::7]:9464"], false, ["fd00::7"].map(canonicalHost))).toBeUndefined();
  expect(reject(["[fd00::8]"], false, ["fd00::7"].map(canonicalHost))).toBe(403);
});
