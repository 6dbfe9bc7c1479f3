import { test as property, fc } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { canonicalFloat, parseExposition, seriesKey } from "./exposition-parser.ts";
import type { ExpositionFormat, ParsedFamily } from "./exposition-parser.ts";

const textPage = `# HELP http_requests_total All "requests", by C:\\\\path\\nand code.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{code="400",method="post",} 3 5

# a free comment
something_weird{problem="division by zero"} +Inf
# TYPE http_request_duration_seconds histogram
# HELP http_request_duration_seconds Durations.
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="1"} 133988
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320
# HELP rpc_duration_seconds
# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.5"} 4773
rpc_duration_seconds{quantile="0.99"} NaN
rpc_duration_seconds_sum 1.7560473e+07
rpc_duration_seconds_count 2693
`;

const openMetricsPage = `# TYPE foo_seconds histogram
# UNIT foo_seconds seconds
# HELP foo_seconds Some \\"text\\".
foo_seconds_bucket{a="b",le="0.0"} 0
foo_seconds_bucket{a="b",le="1e-05"} 0
foo_seconds_bucket{a="b",le="1.0"} 8 # {} 0.054
foo_seconds_bucket{a="b",le="1e+06"} 11 # {trace_id="a # {b} 1",span="2"} 1000000 1520879607.789
foo_seconds_bucket{a="b",le="+Inf"} 11
foo_seconds_count{a="b"} 11
foo_seconds_sum{a="b"} 324789.3
foo_seconds_created{a="b"} 1520430000.123
# TYPE requests counter
# HELP requests 
requests_total{a="1"} 17.0 1520879607.789 # {trace_id="x"} 1
requests_created{a="1"} 1520430000 1520879607.789
requests_total 2
# TYPE target info
target_info{version="1"} 1
# TYPE mode stateset
mode{mode="a"} 0
mode{mode="b"} 1
# TYPE queue gaugehistogram
queue_bucket{le="+Inf"} 4
queue_gcount 4
queue_gsum 3
# TYPE empty gauge
bare 4e-3
# EOF
`;

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

/** The complaint about a page, without what was found; undefined for a page without fault. */
function complaint(page: string, format: ExpositionFormat): string | undefined {
  try {
    parseExposition(page, format);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.split(": ").slice(0, 2).join(": ") : "not an error";
  }
}

const histogram = (lines: string): string => `# TYPE h histogram\n${lines}`;
const whole = 'h_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n';

type Case = readonly [complaint: string, page: string];

const both: readonly Case[] = [
  ["line 1: encoding", "\uFEFFa 1\n"],
  ["line 2: encoding", 'a 1\nb{c="\uD800"} 1\n'],
  ["line 1: newline", "# TYPE a gauge\r\na 1\n"],
  ["line 1: metric-name", "1a 1\n"],
  ["line 1: metric-name", "-b 1\n"],
  ["line 1: sample-syntax", "a-b 1\n"],
  ["line 1: metric-name", "__a 1\n"],
  ["line 1: metric-name", '{"a.b"} 1\n'],
  ["line 1: metric-name", " a 1\n"],
  ["line 1: metric-name", "# TYPE a-b gauge\n"],
  ["line 1: metric-name", "# TYPE __a gauge\n"],
  ["line 1: sample-syntax", "a\n"],
  ["line 1: number", "a  1\n"],
  ["line 1: timestamp", "a 1 \n"],
  ["line 1: sample-syntax", "a 1 2 \n"],
  ["line 1: sample-syntax", "a 1 2 3\n"],
  ["line 1: number", 'a {b="1"} 1\n'],
  ["line 1: sample-syntax", 'a{b="1"}1\n'],
  ["line 1: sample-syntax", 'a{b="1"c="2"} 1\n'],
  ["line 1: sample-syntax", 'a{b=1"} 1\n'],
  ["line 1: sample-syntax", 'a{b="1} 1\n'],
  ["line 1: sample-syntax", 'a{b="x\ny"} 1\n'],
  ["line 1: sample-syntax", 'a{b="x"y"} 1\n'],
  ["line 1: label-name", 'a{1b="1"} 1\n'],
  ["line 1: label-name", 'a{b="1", c="2"} 1\n'],
  ["line 1: label-name", 'a{,b="1"} 1\n'],
  ["line 1: label-name", 'a{__name__="1"} 1\n'],
  ["line 1: label-name", 'a{b="1",,} 1\n'],
  ["line 1: sample-syntax", 'a{b:c="1"} 1\n'],
  ["line 1: label-once", 'a{b="1",b="2"} 1\n'],
  ["line 1: label-escape", 'a{b="\\t"} 1\n'],
  ["line 1: label-escape", 'a{b="\\\n'],
  ["line 1: number", "a x\n"],
  ["line 1: number", "a Nan\n"],
  ["line 1: number", "a Inf\n"],
  ["line 1: number", "a +Infinity\n"],
  ["line 1: number", "a -inf\n"],
  ["line 1: number", "a 1e999\n"],
  ["line 1: number", "a 0x1p3\n"],
  ["line 1: number", "a 1_000\n"],
  ["line 1: number", "a .\n"],
  ["line 1: number", "a 1,5\n"],
  ["line 1: number", "a undefined\n"],
  ["line 1: timestamp", "a 1 1e12\n"],
  ["line 2: series-once", 'a{b="1",c="2"} 1\na{c="2",b="1"} 1\n'],
  ["line 2: series-once", 'a{b=""} 1\na 1\n'],
  ["line 3: family-contiguous", 'a 1\nb 1\na{x="1"} 1\n'],
  ["line 4: family-contiguous", "# TYPE a gauge\na 1\nb 1\n# HELP a A.\n"],
  ["line 3: metadata-first", "# TYPE a gauge\na 1\n# HELP a A.\n"],
  ["line 2: metadata-once", "# TYPE a gauge\n# TYPE a gauge\n"],
  ["line 2: metadata-once", "# HELP a A.\n# HELP a B.\n"],
  ["line 1: type-word", "# TYPE a Counter\n"],
  ["line 1: type-word", "# TYPE a constructor\n"],
  ["line 1: type-word", "# TYPE a gauge \n"],
  ["line 1: help-escape", "# HELP a x\\t\n"],
  ["line 1: help-escape", "# HELP a x\\\n"],
  ["line 5: name-clash", `${histogram(whole)}# TYPE h_sum gauge\nh_sum 1\n`],
  ["line 2: sample-name", "# TYPE a gauge\na_total 1\n"],
  ["line 2: sample-name", histogram("h 1\n")],
  ["line 2: sample-name", "# TYPE a gauge\na_bucket 1\n"],
  ["line 2: bound-label", histogram("h_bucket 1\n")],
  ["line 2: bound-label", histogram('h_bucket{le="NaN"} 1\n')],
  ["line 3: bound-label", histogram('h_bucket{le="+Inf"} 1\nh_sum{le="+Inf"} 1\nh_count 1\n')],
  ["line 2: number", histogram('h_bucket{le="Infinity"} 1\n')],
  ["line 3: bucket-order", histogram('h_bucket{le="2.5"} 1\nh_bucket{le="1.5"} 1\n')],
  ["line 3: bucket-order", histogram('h_bucket{le="+Inf"} 1\nh_bucket{le="1.5"} 1\n')],
  ["line 2: bucket-value", histogram('h_bucket{le="+Inf"} 1.5\n')],
  ["line 2: bucket-value", histogram('h_bucket{le="+Inf"} -1\n')],
  ["line 2: bucket-value", histogram('h_bucket{le="+Inf"} NaN\n')],
  ["line 3: bucket-cumulative", histogram('h_bucket{le="1.5"} 2\nh_bucket{le="+Inf"} 1\n')],
  ["line 2: bucket-infinity", histogram('h_bucket{le="1.5"} 1\nh_sum 1\nh_count 1\n')],
  ["line 2: bucket-infinity", histogram("h_sum 1\nh_count 1\n")],
  ["line 2: histogram-count", histogram('h_bucket{le="+Inf"} 1\nh_sum 1\n')],
  ["line 4: histogram-count", histogram('h_bucket{le="+Inf"} 1\nh_sum 1\nh_count 2\n')],
  ["line 2: histogram-sum", histogram('h_bucket{le="+Inf"} 1\nh_count 1\n')],
  ["line 3: histogram-sum", histogram('h_bucket{le="+Inf"} 1\nh_sum NaN\nh_count 1\n')],
  ["line 3: histogram-sum", histogram('h_bucket{le="+Inf"} 1\nh_sum -1\nh_count 1\n')],
  ["line 3: histogram-sum", histogram('h_bucket{le="+Inf"} 0\nh_sum 0.5\nh_count 0\n')],
  ["line 5: metric-contiguous", histogram(whole.replace("h_count 1\n", 'h_bucket{a="1",le="+Inf"} 1\nh_count 1\n'))],
  ["line 3: quantile-order", '# TYPE s summary\ns{quantile="0.9"} 1\ns{quantile="0.5"} 1\n'],
  ["line 2: quantile-order", '# TYPE s summary\ns{quantile="1.5"} 1\n'],
  ["line 2: quantile-value", '# TYPE s summary\ns{quantile="0.5"} -1\n'],
  ["line 2: bound-label", "# TYPE s summary\ns 1\n"],
  ["line 2: summary-value", "# TYPE s summary\ns_count 0.5\n"],
  ["line 2: summary-value", "# TYPE s summary\ns_sum NaN\n"],
];

const textOnly: readonly Case[] = [
  ["line 2: newline", "a 1\nb 1"],
  ["line 1: eof", "# EOF\n"],
  ["line 1: type-word", "# TYPE a unknown\n"],
  ["line 1: unit-place", "# UNIT a_seconds seconds\n"],
  ["line 1: metadata-syntax", "#HELP a A.\n"],
  ["line 1: metadata-syntax", "#  TYPE a gauge\n"],
  ["line 1: metadata-syntax", "# TYPE\n"],
  ["line 1: help-escape", '# HELP a a \\" quote\n'],
  ["line 1: timestamp", "a 1 1520879607.789\n"],
  ["line 1: timestamp", "a 1 9223372036854775808\n"],
  ["line 1: timestamp", "a 1 -5\n"],
  ["line 1: exemplar-place", "a 1 # {} 1\n"],
  ["line 1: exemplar-place", "a 1 5 # {} 1\n"],
  ["line 2: exemplar-place", histogram('h_bucket{le="+Inf"} 1 # {} 1\nh_sum 1\nh_count 1\n')],
  ["line 2: counter-value", "# TYPE a_total counter\na_total -1\n"],
  ["line 2: counter-value", "# TYPE a_total counter\na_total NaN\n"],
  ["line 2: sample-name", "# TYPE a counter\na_total 1\n"],
  ["line 5: sample-name", histogram(`${whole}h_created 1\n`)],
];

const openMetricsOnly: readonly Case[] = [
  ["line 1: eof", "a 1\n"],
  ["line 1: eof", ""],
  ["line 1: eof", "# EOF\na 1\n# EOF\n"],
  ["line 2: newline", "a 1\n# EOF"],
  ["line 2: blank-line", "a 1\n\n# EOF\n"],
  ["line 1: comment", "# a free comment\n# EOF\n"],
  ["line 1: comment", "#\n# EOF\n"],
  ["line 1: comment", "# TYPE  a gauge\n# EOF\n"],
  ["line 1: metadata-syntax", "# HELP a\n# EOF\n"],
  ["line 1: type-word", "# TYPE a untyped\n# EOF\n"],
  ["line 2: metadata-order", "# HELP a A.\n# TYPE a gauge\n# EOF\n"],
  ["line 2: metadata-order", "# UNIT a_s s\n# TYPE a_s gauge\n# EOF\n"],
  ["line 2: metadata-order", "# HELP a_s A.\n# UNIT a_s s\n# EOF\n"],
  ["line 1: unit-suffix", "# UNIT a seconds\n# EOF\n"],
  ["line 1: unit-suffix", "# UNIT seconds seconds\n# EOF\n"],
  ["line 2: unit-place", "# TYPE a_s info\n# UNIT a_s s\n# EOF\n"],
  ["line 1: help-escape", '# HELP a a "quote"\n# EOF\n'],
  ["line 1: help-escape", '# HELP a a \\\\"\n# EOF\n'],
  ["line 1: label-name", 'a{_b="1"} 1\n# EOF\n'],
  ["line 1: label-name", 'a{b="1",} 1\n# EOF\n'],
  ["line 1: metric-name", "_a 1\n# EOF\n"],
  ["line 1: metric-name", "# TYPE _a gauge\n# EOF\n"],
  ["line 1: timestamp", "a 1 1520879607789\n# EOF\n"],
  ["line 1: timestamp", "a 1 NaN\n# EOF\n"],
  ["line 3: timestamp", "# TYPE a counter\na_total 1 5\na_created 1 6\n# EOF\n"],
  ["line 3: timestamp", "# TYPE a counter\na_total 1\na_created 1520879607789\n# EOF\n"],
  ["line 2: counter-value", "# TYPE a counter\na_total -1\n# EOF\n"],
  ["line 2: counter-value", "# TYPE a counter\na_total NaN\n# EOF\n"],
  ["line 2: counter-total", "# TYPE a counter\na_created 1\n# EOF\n"],
  ["line 2: sample-name", "# TYPE a counter\na 1\n# EOF\n"],
  ["line 2: sample-name", "# TYPE a_total counter\na_total 1\n# EOF\n"],
  ["line 4: metric-contiguous", '# TYPE a counter\na_total 1\na_total{b="1"} 1\na_created 1\n# EOF\n'],
  ["line 3: name-clash", "# TYPE a counter\na_total 1\n# TYPE a_created gauge\na_created 1\n# EOF\n"],
  ["line 2: bound-canonical", `${histogram('h_bucket{le="1"} 1\n')}# EOF\n`],
  ["line 2: bound-canonical", `${histogram('h_bucket{le="1000000.0"} 1\n')}# EOF\n`],
  ["line 2: bound-canonical", `${histogram('h_bucket{le="1e-5"} 1\n')}# EOF\n`],
  ["line 2: bound-canonical", '# TYPE s summary\ns{quantile="1"} 1\n# EOF\n'],
  ["line 1: exemplar-place", "a 1 # {} 1\n# EOF\n"],
  ["line 2: exemplar-place", "# TYPE a gauge\na 1 # {} 1\n# EOF\n"],
  ["line 3: exemplar-place", "# TYPE a counter\na_total 1\na_created 1 # {} 1\n# EOF\n"],
  ["line 4: exemplar-place", `${histogram(whole.replace("h_count 1\n", "h_count 1 # {} 1\n"))}# EOF\n`],
  ["line 1: sample-syntax", "a 1 # 1\n# EOF\n"],
  ["line 1: sample-syntax", "a 1 # {}\n# EOF\n"],
  ["line 1: sample-syntax", "a 1 # {}1\n# EOF\n"],
  ["line 1: sample-syntax", "a 1 # {} 1 2 3\n# EOF\n"],
  ["line 1: timestamp", "a 1 # {} 1 # {} 1\n# EOF\n"],
  ["line 1: timestamp", "a 1 # {} 1 1520879607789\n# EOF\n"],
  ["line 1: label-escape", 'a 1 # {b="\\t"} 1\n# EOF\n'],
  ["line 2: exemplar-length", `# TYPE a counter\na_total 1 # {b="${"x".repeat(128)}"} 1\n# EOF\n`],
  ["line 2: exemplar-bounds", "# TYPE a counter\na_total 1 # {} NaN\n# EOF\n"],
  ["line 2: exemplar-bounds", `${histogram('h_bucket{le="1.0"} 1 # {} 1.5\n')}# EOF\n`],
  ["line 3: exemplar-bounds", `${histogram('h_bucket{le="1.0"} 1\nh_bucket{le="2.0"} 1 # {} 1\n')}# EOF\n`],
  ["line 2: info-value", "# TYPE a info\na_info 2\n# EOF\n"],
  ["line 2: state-label", "# TYPE a stateset\na 1\n# EOF\n"],
  ["line 2: state-value", '# TYPE a stateset\na{a="x"} 2\n# EOF\n'],
];

describe("a good page", () => {
  test("in text 0.0.4 is read whole", () => {
    const families = parseExposition(textPage, "text");
    expect(families.map(({ name, type, samples }) => [name, type, samples.length])).toEqual([
      ["http_requests_total", "counter", 2],
      ["something_weird", "untyped", 1],
      ["http_request_duration_seconds", "histogram", 5],
      ["rpc_duration_seconds", "summary", 4],
    ]);
    expect(families[0]?.help).toBe('All "requests", by C:\\path\nand code.');
    expect(families[1]).toMatchObject({ help: undefined, unit: undefined });
    expect(families[3]?.help).toBe("");
    expect(families[0]?.samples[0]).toEqual({
      name: "http_requests_total",
      labels: Object.assign(Object.create(null), { method: "post", code: "200" }),
      value: 1027,
      timestamp: 1_395_066_363_000,
      exemplar: undefined,
      line: 3,
    });
    expect(families[1]?.samples[0]?.value).toBe(Number.POSITIVE_INFINITY);
  });

  test("in OpenMetrics is read whole", () => {
    const families = parseExposition(openMetricsPage, "openmetrics");
    expect(families.map(({ name, type, unit, samples }) => [name, type, unit, samples.length])).toEqual([
      ["foo_seconds", "histogram", "seconds", 8],
      ["requests", "counter", undefined, 3],
      ["target", "info", undefined, 1],
      ["mode", "stateset", undefined, 2],
      ["queue", "gaugehistogram", undefined, 3],
      ["empty", "gauge", undefined, 0],
      ["bare", "unknown", undefined, 1],
    ]);
    expect(families[0]?.help).toBe('Some "text".');
    expect(families[0]?.samples[2]?.exemplar).toMatchObject({ labels: {}, value: 0.054 });
    const exemplar = families[0]?.samples[3]?.exemplar;
    expect({ ...exemplar?.labels }).toEqual({ trace_id: "a # {b} 1", span: "2" });
    expect(exemplar).toMatchObject({ value: 1_000_000, timestamp: 1_520_879_607.789 });
    expect(families[1]?.samples[0]).toMatchObject({ timestamp: 1_520_879_607.789, exemplar: { value: 1 } });
    expect(families[6]?.samples[0]?.value).toBe(0.004);
  });

  test("may be empty", () => {
    expect(parseExposition("", "text")).toEqual([]);
    expect(parseExposition("# EOF\n", "openmetrics")).toEqual([]);
  });

  test("may hold an exemplar of exactly 128 characters, counted by code points", () => {
    const page = `# TYPE a counter\na_total 1 # {b="${"\u{1F600}".repeat(127)}"} 1\n# EOF\n`;
    expect(complaint(page, "openmetrics")).toBeUndefined();
  });
});

describe("a bad page is rejected by line and rule", () => {
  test.each(both)("%s in text: %j", (expected, page) => {
    expect(complaint(page, "text")).toBe(expected);
  });

  test.each(both)("%s in OpenMetrics: %j", (expected, page) => {
    expect(complaint(`${page}# EOF\n`, "openmetrics")).toBe(expected);
  });

  test.each(textOnly)("%s only in text: %j", (expected, page) => {
    expect(complaint(page, "text")).toBe(expected);
  });

  test.each(openMetricsOnly)("%s only in OpenMetrics: %j", (expected, page) => {
    expect(complaint(page, "openmetrics")).toBe(expected);
  });
});

describe("strings come back as they were", () => {
  const anyString = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({
      unit: fc.constantFrom(
        "\\",
        '"',
        "\n",
        "\r",
        "n",
        "\u2028",
        "\u2029",
        "\0",
        "{",
        "}",
        ",",
        "=",
        "#",
        " ",
        "\uD800",
      ),
    }),
    fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
  );
  const formats: readonly ExpositionFormat[] = ["text", "openmetrics"];

  property.prop([fc.constantFrom(...formats), anyString, anyString])(
    "as label values, with U+FFFD for lone surrogates",
    (format, first, second) => {
      const [b, c] = [first.toWellFormed(), second.toWellFormed()];
      const end = format === "text" ? "" : "# EOF\n";
      const page = `a{b="${escapeLabel(b)}",c="${escapeLabel(c)}"} 1\n${end}`;
      const [family, ...more] = parseExposition(page, format);
      expect(more).toEqual([]);
      expect(family?.samples.map(({ labels }) => Object.entries(labels))).toEqual([
        [
          ["b", b],
          ["c", c],
        ],
      ]);
    },
  );

  property.prop([anyString, anyString])("as exemplar labels", (first, second) => {
    const [b, c] = [
      first.toWellFormed().slice(0, 40).toWellFormed(),
      second.toWellFormed().slice(0, 40).toWellFormed(),
    ];
    const page = `# TYPE a counter\na_total 1 # {b="${escapeLabel(b)}",c="${escapeLabel(c)}"} 1\n# EOF\n`;
    expect({ ...parseExposition(page, "openmetrics")[0]?.samples[0]?.exemplar?.labels }).toEqual({ b, c });
  });

  property.prop([fc.constantFrom(...formats), anyString])("as HELP", (format, raw) => {
    const help = `${raw.toWellFormed()}.`;
    const escaped = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
    const page = format === "text" ? `# HELP a ${escaped}\n` : `# HELP a ${escaped.replaceAll('"', '\\"')}\n# EOF\n`;
    expect(parseExposition(page, format).map((family: ParsedFamily) => family.help)).toEqual([help]);
  });

  property.prop([fc.double()])("as values", (value) => {
    const written = !(Math.abs(value) === Number.POSITIVE_INFINITY) ? String(value) : value > 0 ? "+Inf" : "-Inf";
    expect(parseExposition(`a ${written}\n`, "text")[0]?.samples[0]?.value).toBe(value + 0);
  });
});

describe("canonicalFloat", () => {
  test.each([
    [0, "0.0"],
    [0.001, "0.001"],
    [0.9, "0.9"],
    [1, "1.0"],
    [10, "10.0"],
    [1.7, "1.7"],
    [-2.5, "-2.5"],
    [1e-10, "1e-10"],
    [1e-9, "1e-09"],
    [1e-5, "1e-05"],
    [1.1e-5, "1.1e-05"],
    [1e-4, "0.0001"],
    [100_000, "100000.0"],
    [999_999.5, "999999.5"],
    [1e6, "1e+06"],
    [1_234_567, "1.234567e+06"],
    [1.1e23, "1.1e+23"],
    [5e-324, "5e-324"],
    [Number.POSITIVE_INFINITY, "+Inf"],
  ])("prints %d as %s", (value, text) => {
    expect(canonicalFloat(value)).toBe(text);
  });
});

describe("seriesKey", () => {
  test("ignores the order of labels and empty labels, and keeps separators apart", () => {
    expect(seriesKey("a", { b: "1", c: "2" })).toBe(seriesKey("a", { c: "2", d: "", b: "1" }));
    expect(seriesKey("a", { b: '1","c":"2' })).not.toBe(seriesKey("a", { b: "1", c: "2" }));
    expect(seriesKey("a", { b: "1" })).not.toBe(seriesKey("a", { b: "2" }));
  });
});
