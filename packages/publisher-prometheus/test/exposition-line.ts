/** Which of the two text formats a page claims to be. */
export type ExpositionFormat = "text" | "openmetrics";

/** A reference from a sample to one observation; `timestamp` is in epoch seconds. */
export interface ParsedExemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly timestamp?: number | undefined;
}

/** One sample line; `labels` has no prototype, `timestamp` is in milliseconds (text) or seconds (OpenMetrics). */
export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly timestamp?: number | undefined;
  readonly exemplar?: ParsedExemplar | undefined;
  /** Line of the page, counted from 1. */
  readonly line: number;
}

/** Throws the one kind of error that the reader knows: line number, rule, what was found. */
export function fail(line: number, rule: string, found: string): never {
  throw new Error(`line ${line}: ${rule}: ${found}`);
}

const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const metricName = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const labelName = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const farFutureSeconds = 1e11;
const maxInt64 = 2n ** 63n - 1n;

/** Reads a decimal number, `NaN`, `+Inf` or `-Inf` in exactly these spellings; a number outside float64 is rejected. */
export function readNumber(token: string, line: number): number {
  if (token === "NaN") return Number.NaN;
  if (token === "+Inf") return Number.POSITIVE_INFINITY;
  if (token === "-Inf") return Number.NEGATIVE_INFINITY;
  if (!decimal.test(token)) fail(line, "number", JSON.stringify(token));
  const value = Number(token);
  if (!Number.isFinite(value)) fail(line, "number", `${token} does not fit into a float64`);
  return value;
}

/** Rejects a time that is no number of epoch seconds, above all milliseconds, which Prometheus drops in silence. */
export function checkSeconds(seconds: number, line: number): void {
  if (!(Math.abs(seconds) <= farFutureSeconds)) fail(line, "timestamp", `${seconds} is no time in seconds`);
}

function readTimestamp(token: string, line: number, format: ExpositionFormat): number {
  if (format === "openmetrics") {
    if (!decimal.test(token)) fail(line, "timestamp", JSON.stringify(token));
    const seconds = Number(token);
    checkSeconds(seconds, line);
    return seconds;
  }
  // The specification allows a sign, but Prometheus 3.16 rejects the whole page for one.
  if (!/^\d+$/.test(token)) fail(line, "timestamp", `${token} is no integer of milliseconds`);
  const milliseconds = BigInt(token);
  if (milliseconds > maxInt64) fail(line, "timestamp", `${token} is no int64`);
  return Number(milliseconds);
}

/** Undoes the escapes of a HELP text: text knows backslash and line feed, OpenMetrics also the quote, which it requires. */
export function unescapeHelp(raw: string, line: number, format: ExpositionFormat): string {
  if (format === "openmetrics" && /(?<!\\)(?:\\\\)*"/.test(raw)) fail(line, "help-escape", 'a bare "');
  return raw.replaceAll(/\\([^]?)/g, (_, letter: string) => {
    if (letter === "n") return "\n";
    if (letter === "\\" || (letter === '"' && format === "openmetrics")) return letter;
    return fail(line, "help-escape", `\\${letter}`);
  });
}

function noLabels(): Record<string, string> {
  const labels: Record<string, string> = Object.create(null);
  return labels;
}

function isReserved(name: string, format: ExpositionFormat): boolean {
  return name.startsWith(format === "openmetrics" ? "_" : "__");
}

/** Reads one line from left to right; every token must stand exactly where the grammar puts it. */
class LineCursor {
  at = 0;
  readonly text: string;
  readonly line: number;
  readonly format: ExpositionFormat;

  constructor(text: string, line: number, format: ExpositionFormat) {
    this.text = text;
    this.line = line;
    this.format = format;
  }

  isDone(): boolean {
    return this.at === this.text.length;
  }

  isAt(token: string): boolean {
    return this.text.startsWith(token, this.at);
  }

  takes(token: string): boolean {
    if (!this.isAt(token)) return false;
    this.at += token.length;
    return true;
  }

  expect(token: string): void {
    if (!this.takes(token)) this.reject("sample-syntax", `expected ${JSON.stringify(token)}`);
  }

  reject(rule: string, what: string): never {
    return fail(this.line, rule, `${what} at column ${this.at + 1} of ${JSON.stringify(this.text)}`);
  }

  name(pattern: RegExp, rule: string): string {
    pattern.lastIndex = this.at;
    const name = pattern.exec(this.text)?.[0];
    if (name === undefined) this.reject(rule, "no legal name");
    this.at += name.length;
    return name;
  }

  /** The characters up to the next space or the end of the line. */
  token(): string {
    const space = this.text.indexOf(" ", this.at);
    const end = space === -1 ? this.text.length : space;
    const token = this.text.slice(this.at, end);
    this.at = end;
    return token;
  }

  quoted(): string {
    this.expect('"');
    let value = "";
    let from = this.at;
    for (; this.at < this.text.length; this.at += 1) {
      const character = this.text[this.at];
      if (character === '"') {
        value += this.text.slice(from, this.at);
        this.at += 1;
        return value;
      }
      if (character === "\\") {
        const letter = this.text[this.at + 1];
        if (letter !== "n" && letter !== '"' && letter !== "\\") this.reject("label-escape", `\\${letter ?? ""}`);
        value += this.text.slice(from, this.at) + (letter === "n" ? "\n" : letter);
        this.at += 1;
        from = this.at + 1;
      }
    }
    return this.reject("sample-syntax", "a label value without end");
  }

  /** The labels after an opening brace, with the closing one. */
  labels(): Readonly<Record<string, string>> {
    const labels = noLabels();
    if (this.takes("}")) return labels;
    for (;;) {
      const name = this.name(labelName, "label-name");
      if (isReserved(name, this.format)) this.reject("label-name", `${name} is reserved`);
      if (name in labels) this.reject("label-once", `a second ${name}`);
      this.expect("=");
      labels[name] = this.quoted();
      if (this.takes("}")) return labels;
      this.expect(",");
      if (this.format === "text" && this.takes("}")) return labels;
    }
  }

  exemplar(): ParsedExemplar {
    if (this.format === "text" && this.isAt(" #")) this.reject("exemplar-place", "an exemplar, unknown to text,");
    this.expect(" # {");
    const labels = this.labels();
    this.expect(" ");
    const value = readNumber(this.token(), this.line);
    if (this.isDone()) return { labels, value };
    this.expect(" ");
    return { labels, value, timestamp: readTimestamp(this.token(), this.line, this.format) };
  }
}

/** Reads one sample line; one space between tokens, none elsewhere. */
export function readSample(text: string, line: number, format: ExpositionFormat): ParsedSample {
  const cursor = new LineCursor(text, line, format);
  const name = cursor.name(metricName, "metric-name");
  if (isReserved(name, format)) fail(line, "metric-name", `${name} is reserved`);
  const labels = cursor.takes("{") ? cursor.labels() : noLabels();
  cursor.expect(" ");
  const value = readNumber(cursor.token(), line);
  let timestamp: number | undefined;
  if (!cursor.isDone() && !cursor.isAt(" #")) {
    cursor.expect(" ");
    timestamp = readTimestamp(cursor.token(), line, format);
  }
  const exemplar = cursor.isDone() ? undefined : cursor.exemplar();
  if (!cursor.isDone()) cursor.reject("sample-syntax", "something after the sample");
  return { name, labels, value, timestamp, exemplar, line };
}
