import { inspect } from "node:util";

/** Secrets by what they are. */
export type Secrets = Readonly<Record<string, string>>;

/** Names the secrets that a value shows in any way: in clear, in base64, in hexadecimal or escaped, at any depth. */
export function secretsIn(value: unknown, secrets: Secrets): readonly string[] {
  const text = textOf(value);
  const folded = text.toLowerCase();
  return Object.entries(secrets).flatMap(([name, secret]) => {
    const isShown = folded.includes(secret.toLowerCase()) || encodedForms(secret).some((form) => text.includes(form));
    return isShown ? [name] : [];
  });
}

function encodedForms(secret: string): readonly string[] {
  const hex = Buffer.from(secret).toString("hex");
  // In a longer text a secret begins at any of three places of a base64 group; what depends on its neighbours is left out.
  const base64 = [0, 1, 2].map((before) =>
    Buffer.from(`${" ".repeat(before)}${secret}`)
      .toString("base64")
      .replaceAll("=", "")
      .slice(before === 0 ? 0 : before + 1, -1),
  );
  return [hex, hex.toUpperCase(), encodeURIComponent(secret), ...base64, ...base64.map(urlSafe)];
}

function urlSafe(base64: string): string {
  return base64.replaceAll("+", "-").replaceAll("/", "_");
}

/** Gives everything that a value shows to those who print, serialize, copy or take it apart. */
function textOf(value: unknown): string {
  const parts: string[] = [];
  collect(value, parts, new Set());
  const shown = (of: unknown): string =>
    inspect(of, { depth: Infinity, showHidden: true, getters: true, maxStringLength: null, maxArrayLength: null });
  for (const show of [
    () => shown(value),
    () => JSON.stringify(value) ?? "",
    () => shown(structuredClone(value)),
    () => String(value),
  ]) {
    try {
      parts.push(show());
    } catch {
      // What cannot be shown in this way shows nothing.
    }
  }
  return parts.join("\n");
}

function collect(value: unknown, parts: string[], seen: Set<unknown>): void {
  if (typeof value === "string" || typeof value === "symbol") return void parts.push(String(value));
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof ArrayBuffer) return void parts.push(Buffer.from(value).toString("latin1"));
  if (ArrayBuffer.isView(value))
    return void parts.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("latin1"));
  if (value instanceof Map || value instanceof Set)
    for (const entry of value as Iterable<unknown>) collect(entry, parts, seen);
  for (const key of Reflect.ownKeys(value)) {
    collect(key, parts, seen);
    try {
      collect(Reflect.get(value, key), parts, seen);
    } catch {
      // A getter that throws shows nothing.
    }
  }
}
