// Options for TLS connections: what they may be, and that nothing of a key is shown.
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { isPublisherError } from "../src/index.ts";
import { checkOptions, tlsRule } from "../src/publisher.ts";

const CANARY = "Canary-7d1f";
const PEM = `-----BEGIN CERTIFICATE-----\n${CANARY}\n-----END CERTIFICATE-----\n`;
const BYTES = new TextEncoder().encode(PEM);

function problemsOf(tls: unknown): readonly string[] {
  try {
    checkOptions("example", { tls }, { tls: tlsRule });
  } catch (error) {
    if (!isPublisherError(error)) throw error;
    expect(error.message).not.toContain(CANARY);
    return error.message
      .split("\n")
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}

test.each([
  {},
  { ca: PEM },
  { ca: BYTES },
  { ca: [PEM, BYTES] },
  // As under Jest, which has globals of its own.
  { ca: runInNewContext("Uint8Array.from(bytes)", { bytes: BYTES }) },
  { ca: new DataView(BYTES.buffer) },
  { cert: PEM, key: BYTES },
  { ca: PEM, cert: PEM, key: PEM, passphrase: CANARY },
])("%# is accepted", (tls) => {
  expect(problemsOf(tls)).toEqual([]);
});

test.each<readonly [unknown, readonly string[]]>([
  ["yes", ["tls: expected an object { ca, cert, key, passphrase }, got a string"]],
  [{ ca: `/etc/ssl/${CANARY}.pem` }, ["tls.ca: expected the text of a PEM file, which contains -----BEGIN"]],
  [{ ca: [PEM, 5] }, ["tls.ca[1]: expected the text of a PEM file, which contains -----BEGIN, got a number"]],
  [{ cert: PEM }, ["tls.key: missing: the private key of cert"]],
  [{ key: PEM }, ["tls.cert: missing: the certificate of key"]],
  [{ passphrase: CANARY }, ["tls.passphrase: is given without a key that it opens"]],
  [{ cert: PEM, key: PEM, passphrase: 5 }, ["tls.passphrase: expected a non-empty string, got a number"]],
  [{ pfx: CANARY }, ["tls.pfx: unknown option"]],
])("%# is rejected with what is wrong", (tls, problems) => {
  expect(problemsOf(tls)).toEqual(problems);
});
