// Cuts texts to a limit without breaking a character. What is cut keeps the whole text alive no longer.
import { ownText } from "./own-text.ts";

/** Cuts a string to `max` UTF-16 code units without splitting a surrogate pair. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  return ownText(text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max));
}

/** Cuts a string to `max` bytes of UTF-8 without splitting a character. */
export function cutBytes(text: string, max: number): string {
  if (text.length * 3 <= max) return text;
  let bytes = 0;
  for (let at = 0; at < text.length;) {
    const point = text.codePointAt(at) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (bytes > max) return ownText(text.slice(0, at));
    at += point < 0x10000 ? 1 : 2;
  }
  return text;
}
