import { fail, readSample, unescapeHelp } from "./exposition-line.ts";
import { checkFamily, sampleNames, sampleSuffixes } from "./exposition-rules.ts";
import type { ExpositionFormat, ParsedSample } from "./exposition-line.ts";

export { canonicalFloat, seriesKey } from "./exposition-rules.ts";
export type { ExpositionFormat, ParsedSample } from "./exposition-line.ts";

/** One metric family of a page; the type is `untyped` (text) or `unknown` (OpenMetrics) where the page does not tell it. */
export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string | undefined;
  readonly unit: string | undefined;
  readonly samples: readonly ParsedSample[];
}

type Keyword = "TYPE" | "UNIT" | "HELP";

interface OpenFamily {
  readonly name: string;
  readonly line: number;
  readonly keywords: Keyword[];
  type: string;
  help: string | undefined;
  unit: string | undefined;
  readonly samples: ParsedSample[];
  settled: boolean;
}

const keywordOrder: readonly Keyword[] = ["TYPE", "UNIT", "HELP"];
const metadata = /^# (TYPE|UNIT|HELP) ([^ ]+)( [^]*)?$/;
const legalName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

class PageReader {
  readonly format: ExpositionFormat;
  readonly families = new Map<string, OpenFamily>();
  readonly owners = new Map<string, OpenFamily>();
  current: OpenFamily | undefined;

  constructor(format: ExpositionFormat) {
    this.format = format;
  }

  open(name: string, line: number): OpenFamily {
    this.close();
    const type = this.format === "text" ? "untyped" : "unknown";
    this.current = {
      name,
      line,
      keywords: [],
      type,
      help: undefined,
      unit: undefined,
      samples: [],
      settled: false,
    };
    this.families.set(name, this.current);
    return this.current;
  }

  /** From here on the type is known, and with it the sample names that belong to this family alone. */
  settle(family: OpenFamily): void {
    if (family.settled) return;
    family.settled = true;
    for (const name of sampleNames(family.name, family.type, this.format) ?? []) {
      const owner = this.owners.get(name);
      if (owner !== undefined) fail(family.line, "name-clash", `${name} belongs to ${owner.name} and ${family.name}`);
      this.owners.set(name, family);
    }
  }

  close(): void {
    if (this.current === undefined) return;
    this.settle(this.current);
    checkFamily(this.current, this.format);
  }

  describe(text: string, line: number): void {
    const match = metadata.exec(text);
    const keyword = keywordOrder.find((word) => word === match?.[1]);
    const name = match?.[2];
    if (keyword === undefined || name === undefined) return this.comment(text, line);
    if (!legalName.test(name)) fail(line, "metric-name", JSON.stringify(name));
    if (name.startsWith(this.format === "openmetrics" ? "_" : "__")) fail(line, "metric-name", `${name} is reserved`);
    if (this.current?.name !== name && this.families.has(name)) fail(line, "family-contiguous", `${name} again`);
    const family = this.current?.name === name ? this.current : this.open(name, line);
    if (family.samples.length > 0) fail(line, "metadata-first", `${keyword} after samples of ${name}`);
    if (family.keywords.includes(keyword)) fail(line, "metadata-once", `a second ${keyword} of ${name}`);
    family.keywords.push(keyword);
    if (this.format === "openmetrics") this.checkOrder(family, line, match?.[3]);
    const value = match?.[3]?.slice(1) ?? "";
    if (keyword === "HELP") family.help = unescapeHelp(value, line, this.format);
    else if (keyword === "TYPE") this.setType(family, value, line);
    else this.setUnit(family, value, line);
  }

  checkOrder(family: OpenFamily, line: number, value: string | undefined): void {
    if (value === undefined) fail(line, "metadata-syntax", "no space after the name");
    const ranks = family.keywords.map((keyword) => keywordOrder.indexOf(keyword));
    if ((ranks.at(-1) ?? 0) < (ranks.at(-2) ?? 0)) fail(line, "metadata-order", family.keywords.join(" before "));
  }

  setType(family: OpenFamily, type: string, line: number): void {
    if (sampleNames(family.name, type, this.format) === undefined) fail(line, "type-word", JSON.stringify(type));
    if (family.unit !== undefined) this.checkUnit(type, line);
    family.type = type;
  }

  setUnit(family: OpenFamily, unit: string, line: number): void {
    if (this.format === "text") fail(line, "unit-place", "text 0.0.4 has no UNIT");
    if (unit === "") return;
    if (!family.name.endsWith(`_${unit}`)) fail(line, "unit-suffix", `${unit} does not end ${family.name}`);
    this.checkUnit(family.type, line);
    family.unit = unit;
  }

  checkUnit(type: string, line: number): void {
    if (type === "info" || type === "stateset") fail(line, "unit-place", `a unit on ${type}`);
  }

  comment(text: string, line: number): void {
    if (text === "# EOF")
      fail(line, "eof", this.format === "text" ? "text 0.0.4 has no # EOF" : "# EOF inside the page");
    if (this.format === "openmetrics") fail(line, "comment", JSON.stringify(text));
    if (/^#\s*(?:HELP|TYPE|UNIT)(?:\s|$)/.test(text)) fail(line, "metadata-syntax", JSON.stringify(text));
  }

  add(sample: ParsedSample): void {
    if (this.current !== undefined) this.settle(this.current);
    const owner = this.owners.get(sample.name);
    if (owner !== undefined && owner !== this.current) {
      fail(sample.line, "family-contiguous", `${sample.name} apart from ${owner.name}`);
    }
    if (owner === undefined) this.openBare(sample);
    this.current?.samples.push(sample);
  }

  /** A sample without metadata is a family of its own, unless it looks like a wrong sample of a described one. */
  openBare({ name, line }: ParsedSample): void {
    for (const suffix of sampleSuffixes) {
      const family = name.endsWith(suffix) ? this.families.get(name.slice(0, name.length - suffix.length)) : undefined;
      if (family !== undefined) fail(line, "sample-name", `${name} does not fit ${family.type} ${family.name}`);
    }
    this.settle(this.open(name, line));
  }
}

function checkEncoding(lines: readonly string[]): void {
  if (lines[0]?.startsWith("\uFEFF")) fail(1, "encoding", "a byte order mark");
  for (const [index, line] of lines.entries()) {
    if (!line.isWellFormed()) fail(index + 1, "encoding", "a lone surrogate");
    if (line.endsWith("\r")) fail(index + 1, "newline", "a carriage return before the line feed");
  }
}

/**
 * Reads a whole page as strictly as the formats' specifications allow, and stricter in spelling: one space between
 * tokens, `NaN` / `+Inf` / `-Inf` only, canonical bounds in OpenMetrics, every series once.
 * Throws an Error `line <n>: <rule>: <what was found>` at the first violation.
 */
export function parseExposition(page: string, format: ExpositionFormat): ParsedFamily[] {
  const lines = page.split("\n");
  if (lines.at(-1) !== "") fail(lines.length, "newline", "the last line does not end with a line feed");
  lines.pop();
  checkEncoding(lines);
  if (format === "openmetrics" && lines.pop() !== "# EOF") fail(lines.length + 1, "eof", "the page ends without # EOF");
  const reader = new PageReader(format);
  for (const [index, line] of lines.entries()) {
    if (line === "") {
      if (format === "openmetrics") fail(index + 1, "blank-line", "an empty line");
    } else if (line.startsWith("#")) reader.describe(line, index + 1);
    else reader.add(readSample(line, index + 1, format));
  }
  reader.close();
  return [...reader.families.values()].map(({ name, type, help, unit, samples }) => ({
    name,
    type,
    help,
    unit,
    samples,
  }));
}
