// Options for TLS connections to a backend.
import { isPlainObject, option, type OptionRule } from "./option-rules.ts";

/** TLS of the connections to a backend. Everything but the passphrase is the text of a PEM file, or its bytes. */
export interface TlsOptions {
  /** Certificates of the authorities that may sign the backend's certificate. @default the ones that Node.js trusts */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined;
  /** Certificate that this program presents, for backends that ask for one; requires `key`. */
  readonly cert?: string | Uint8Array | undefined;
  /** Private key of `cert`. */
  readonly key?: string | Uint8Array | undefined;
  /** Passphrase of `key`. */
  readonly passphrase?: string | undefined;
}

const pem = option.instance(isPem, "the text of a PEM file, which contains -----BEGIN", ["string"]);
const pemList = option.list(pem);
const tlsRules: { readonly [Name in keyof TlsOptions]-?: OptionRule } = {
  ca: (value, report) => (Array.isArray(value) ? pemList : pem)(value, report),
  cert: pem,
  key: pem,
  passphrase: option.string(),
};
const tlsGroup = option.group(tlsRules);

/** Rule of `TlsOptions`. Nothing of a key, certificate or passphrase is shown. */
export const tlsRule: OptionRule = (value, report) => {
  tlsGroup(value, report);
  if (!isPlainObject(value)) return;
  const { cert, key, passphrase } = value;
  if (cert !== undefined && key === undefined) report("missing: the private key of cert", ".key");
  if (key !== undefined && cert === undefined) report("missing: the certificate of key", ".cert");
  if (passphrase !== undefined && key === undefined) report("is given without a key that it opens", ".passphrase");
};

/** The marker that every PEM file has, and neither the path of a file nor DER has. */
const BEGIN = "-----BEGIN ";

function isPem(value: unknown): boolean {
  if (typeof value === "string") return value.includes(BEGIN);
  // A buffer can be one of another realm, as under Jest.
  return (
    ArrayBuffer.isView(value) &&
    Array.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), (byte) => String.fromCharCode(byte))
      .join("")
      .includes(BEGIN)
  );
}
