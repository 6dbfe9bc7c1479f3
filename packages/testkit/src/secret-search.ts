// Search for secrets in any value, however it shows them.
import { inspect } from "node:util";
import { isAnyArrayBuffer, isMap, isSet } from "node:util/types";

const MIN_ENCODED_LENGTH = 5;
const MAX_PARTS = 1_000_000;
const INSPECT_ALL = { depth: Infinity, showHidden: true, getters: true, maxStringLength: null, maxArrayLength: null };

/**
 * Returns the names of the secrets that a value shows when it is printed, serialized or taken apart: in clear text (in any
 * case), in base64, base64url or hexadecimal, or escaped for a URL or for JSON; at any depth, also in keys, causes, hidden
 * properties and bytes. Getters, `toJSON` and `toString` are called. A secret has to be long and unusual enough not to occur
 * by chance. Throws a RangeError for an empty secret, and for a value of more than a million parts. @param secrets by name
 */
export function findSecrets(value: unknown, secrets: Readonly<Record<string, string>>): readonly string[] {
  const text = textOf(value);
  const folded = text.toLowerCase();
  return Object.entries(secrets).flatMap(([name, secret]) => {
    if (secret === "") throw new RangeError(`the secret "${name}" is empty: nothing can be said of it`);
    const isShown =
      folded.includes(secret.toLowerCase()) ||
      escapedForms(secret).some((form) => folded.includes(form.toLowerCase())) ||
      base64Forms(secret).some((form) => text.includes(form));
    return isShown ? [name] : [];
  });
}

function escapedForms(secret: string): readonly string[] {
  const ofForm = new URLSearchParams({ "": secret }).toString().slice(1);
  const ofUrl = [encodeURI(secret.toWellFormed()), encodeURIComponent(secret.toWellFormed()), ofForm];
  return longEnough([Buffer.from(secret).toString("hex"), JSON.stringify(secret).slice(1, -1), ...ofUrl]);
}

function base64Forms(secret: string): readonly string[] {
  // In a longer text a secret begins at any of three places of a base64 group; signs that depend on its neighbours are left out.
  const forms = [0, 1, 2].map((before) =>
    Buffer.from(`${" ".repeat(before)}${secret}`)
      .toString("base64")
      .replaceAll("=", "")
      .slice(before === 0 ? 0 : before + 1, -1),
  );
  return longEnough([...forms, ...forms.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"))]);
}

/** Leaves out forms that occur by chance. */
function longEnough(forms: readonly string[]): readonly string[] {
  return forms.filter((form) => form.length >= MIN_ENCODED_LENGTH);
}

function textOf(value: unknown): string {
  return [...partsOf(value), attempt(() => inspect(value, INSPECT_ALL))].join("\n");
}

/** Returns the texts, keys and bytes within a value one by one, also those that it hides when it is shown as a whole. */
function partsOf(value: unknown): string[] {
  const parts: string[] = [];
  const seen = new Set<unknown>([value]);
  // The set grows while it is iterated, so that no depth is too deep.
  for (const part of seen) {
    if (seen.size > MAX_PARTS)
      throw new RangeError(`the value has more than ${MAX_PARTS} parts: a getter may make them`);
    if (typeof part === "string" || typeof part === "symbol") parts.push(String(part));
    if (typeof part !== "object" || part === null) continue;
    const bytes = attempt(() => bytesOf(part));
    if (bytes === undefined) for (const inner of innerOf(part)) seen.add(inner);
    else parts.push(bytes.toString("utf8"), bytes.toString("latin1"));
  }
  return parts;
}

/** Returns what an object consists of, and its forms for JSON and as text. */
function innerOf(value: object): readonly unknown[] {
  const keys = attempt(() => keysOf(value)) ?? [];
  return [
    ...keys,
    ...keys.map((key) => attempt((): unknown => Reflect.get(value, key))),
    ...(attempt(() => entriesOf(value)) ?? []),
    attempt(() => (value as { toJSON?: () => unknown }).toJSON?.()),
    attempt(() => (Array.isArray(value) ? undefined : String(value as unknown))),
  ];
}

/** Returns its own keys, and those of its classes, which can compute a value. */
function keysOf(value: object): readonly PropertyKey[] {
  const keys: PropertyKey[] = [];
  for (let holder: object | null = value; holder !== null && holder !== Object.prototype;) {
    keys.push(...Reflect.ownKeys(holder));
    holder = Reflect.getPrototypeOf(holder);
  }
  return keys;
}

function bytesOf(value: object): Buffer | undefined {
  if (isAnyArrayBuffer(value)) return Buffer.from(value);
  return ArrayBuffer.isView(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : undefined;
}

function entriesOf(value: object): readonly unknown[] {
  return isMap(value) || isSet(value) ? [...(value as Iterable<unknown>)] : [];
}

/** Returns undefined where a value cannot be read or shown in this way. */
function attempt<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
