// Rule of the TLS options of connections to a backend, with what only Node.js can tell: whether the parts fit together.
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { codeText, type OptionRule, tlsRule } from "@eventmeter/core/publisher";

/** Rule of `TlsOptions` whose certificates, key and passphrase have to fit together. Nothing of them is shown. */
export const secureContextRule: OptionRule = (value, report) => {
  let isGood = true;
  tlsRule(value, (expected, path) => {
    isGood = false;
    report(expected, path);
  });
  if (!isGood) return;
  try {
    createSecureContext(value as SecureContextOptions);
  } catch (caught) {
    report(`expected certificates, a key and its passphrase that fit together${codeText(caught)}`);
  }
};
