// Text of the two exposition formats: comment lines, labels, numbers, exemplars, and their escaping.

/** The two formats of a metrics page: Prometheus text 0.0.4 and OpenMetrics 1.0. */
export type PageFormat = "text" | "openmetrics";

/** What the comment lines of a family say. */
export interface FamilyHead {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram" | "summary" | "info" | "unknown";
  readonly help: string;
  readonly unit?: string | undefined;
}

/** An exemplar as it is shown on a page. */
export interface PageExemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Epoch seconds. */
  readonly timestamp?: number | undefined;
}

/**
 * Returns the comment lines of a family. In OpenMetrics a counter without `_total` is `unknown`, because that format would
 * rename it; a unit that is not the end of the name is left out, because it would cost the whole page.
 */
export function headText({ name, type, help, unit }: FamilyHead, format: PageFormat): string {
  if (format === "text") {
    const kind = type === "unknown" ? "untyped" : type === "info" ? "gauge" : type;
    return `# HELP ${name} ${escapeText(help)}\n# TYPE ${name} ${kind}\n`;
  }
  const suffix = type === "counter" ? "_total" : type === "info" ? "_info" : "";
  const kind = name.endsWith(suffix) ? type : "unknown";
  const family = name.endsWith(suffix) ? name.slice(0, name.length - suffix.length) : name;
  const unitLine = unit !== undefined && unit !== "" && family.endsWith(`_${unit}`) ? `# UNIT ${family} ${unit}\n` : "";
  return `# TYPE ${family} ${kind}\n${unitLine}# HELP ${family} ${escapeQuoted(help)}\n`;
}

/** Returns label pairs in the form that they have between braces. */
export function labelsText(labels: readonly (readonly [string, string])[]): string {
  return labels.map(([name, value]) => `${name}="${escapeQuoted(value)}"`).join(",");
}

/** Returns what follows the value of a sample that has an exemplar. */
export function exemplarText({ labels, value, timestamp }: PageExemplar): string {
  // A time that is not a number would cost the whole page.
  const time = timestamp === undefined || !Number.isFinite(timestamp) ? "" : ` ${numberText(timestamp)}`;
  return ` # {${labelsText(Object.entries(labels))}} ${numberText(value)}${time}`;
}

/** Escapes a label value, and in OpenMetrics a help text: backslash, line feed, double quote. */
export function escapeQuoted(text: string): string {
  // oxlint-disable-next-line no-control-regex -- a NUL has no escape
  return /[\\\n"\0]/.test(text) ? escapeText(text).replaceAll('"', '\\"') : text;
}

/** Escapes a help text of text 0.0.4: backslash and line feed. A NUL, at which Prometheus 3 rejects a page, becomes U+FFFD. */
function escapeText(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\0", "\uFFFD");
}

/** Returns a number in the form that both formats read. */
export function numberText(value: number): string {
  return Math.abs(value) === Infinity ? (value > 0 ? "+Inf" : "-Inf") : String(value);
}

/**
 * Returns a bound in the canonical form of OpenMetrics, which is Go's shortest with `.0` after a whole number:
 * https://prometheus.io/docs/specs/om/open_metrics_spec/#considerations-canonical-numbers.
 */
export function boundText(bound: number): string {
  if (!Number.isFinite(bound)) return numberText(bound);
  const [digits = "", power = ""] = bound.toExponential().split("e");
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6) return Number.isInteger(bound) ? `${bound}.0` : String(bound);
  return `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** Reads the bound of a bucket or the quantile of a summary; returns NaN if the text is not a number. */
export function parseBound(text: string): number {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return Number(text);
  const sign = /^([+-]?)inf(?:inity)?$/i.exec(text)?.[1];
  return sign === undefined ? Number.NaN : sign === "-" ? -Infinity : Infinity;
}
