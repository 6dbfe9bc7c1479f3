// Golden vectors: records, and what normalisation and formatMetrics make of them.
import formatVectorsJson from "./vectors/format-metrics.json" with { type: "json" };
import normaliseVectorsJson from "./vectors/normalise.json" with { type: "json" };

/** A record as the vectors write it: JSON, with what JSON lacks in objects whose one key begins with `$`. */
export interface EncodedRecord {
  readonly [field: string]: unknown;
}

/** A record, and what normalisation makes of it. */
export interface NormaliseVector {
  readonly name: string;
  readonly kind: "event" | "network";
  readonly record: EncodedRecord;
  readonly expect:
    | {
        readonly valid: true;
        /** How many fields were repaired or left out. */
        readonly repaired: number;
        /** The fields that the vector is about. */
        readonly fields: EncodedRecord;
        /** All attributes that are kept, where the vector is about them. */
        readonly attributes?: EncodedRecord | undefined;
      }
    | {
        readonly valid: false;
        /** Text that the reason has to contain. */
        readonly says?: string | undefined;
      };
}

/** A record, and its standard dictionary. */
export interface FormatVector {
  readonly name: string;
  readonly kind: "event" | "network";
  readonly record: EncodedRecord;
  /** The whole dictionary. */
  readonly expect: EncodedRecord;
}

/** The table of normalisation, row by row, with expectations written by hand. */
export const normaliseVectors: readonly NormaliseVector[] = normaliseVectorsJson as readonly NormaliseVector[];

/** The standard dictionary, rule by rule, with expectations written by hand. */
export const formatVectors: readonly FormatVector[] = formatVectorsJson as readonly FormatVector[];

/** Returns the record, or the expectation, that a vector describes. */
export function decodeVector(encoded: EncodedRecord): Record<string, unknown> {
  const decoded: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(encoded)) {
    const property = isSpecial(value, "$throws") ? { get: unreadable } : { value: decode(value), writable: true };
    Object.defineProperty(decoded, name, { ...property, enumerable: true, configurable: true });
  }
  return decoded;
}

interface EncodedError {
  readonly name: string;
  readonly message: string;
  readonly code?: string | undefined;
}

const SPECIALS: Readonly<Record<string, (content: never) => unknown>> = {
  $number: (text: string) => Number(text),
  $date: (ms: number | null) => new Date(ms ?? Number.NaN),
  $error: ({ message, ...rest }: EncodedError) => Object.assign(new Error(message), rest),
  $text: (parts: readonly (readonly [string, number])[]) => parts.map(([part, times]) => part.repeat(times)).join(""),
  $undefined: () => undefined,
  $function: () => () => undefined,
};

function isSpecial(value: unknown, name: string): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name);
}

function decode(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const [name = "", content] = Object.entries(value)[0] ?? [];
  return Object.hasOwn(SPECIALS, name) ? SPECIALS[name]?.(content as never) : decodeVector(value as EncodedRecord);
}

function unreadable(): never {
  throw new Error("this field cannot be read");
}
