import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { acceptsGzip, negotiateFormat } from "../src/http/content-negotiation.ts";

const om = "application/openmetrics-text";

test.each([
  [undefined, "text"],
  ["", "text"],
  ["*/*", "text"],
  ["text/*", "text"],
  ["application/*", "openmetrics"],
  ["text/plain", "text"],
  ["text/plain;version=0.0.4", "text"],
  ["Text/Plain; Version=0.0.4", "text"],
  [om, "openmetrics"],
  [`${om}; version=1.0.0`, "openmetrics"],
  [`${om};version="1.0.0"`, "openmetrics"],
  [`${om};version=0.0.1`, "openmetrics"],
  [`${om};version=2.0.0`, "text"],
  [`${om};version=2.0.0,*/*;q=0.1`, "text"],
  // Prometheus 3 by default, with native histograms, and told to use text.
  [
    `${om};version=1.0.0;escaping=allow-utf-8;q=0.7,${om};version=0.0.1;q=0.6,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.3`,
    "openmetrics",
  ],
  [
    `application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,${om};version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2`,
    "openmetrics",
  ],
  ["text/plain;version=0.0.4;q=0.7,*/*;q=0.6", "text"],
  // A browser.
  ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text"],
  [`text/plain;q=0.5,${om};q=0.6`, "openmetrics"],
  [`text/plain;q=0.6,${om};q=0.5`, "text"],
  [`text/plain,${om}`, "text"],
  [`${om},text/plain`, "openmetrics"],
  [`*/*,${om}`, "openmetrics"],
  [`text/plain;q=0,*/*`, "openmetrics"],
  [`${om};q=0`, "text"],
  [`${om};q=0,text/plain;q=0`, "text"],
  [`${om};q=0.000`, "text"],
  [`${om};q=2`, "text"],
  [`${om};q=-1`, "text"],
  [`${om};q=NaN`, "text"],
  [`${om};q=`, "text"],
  [`${om};q=1e3`, "text"],
  [`${om};;;q=1`, "openmetrics"],
  [";;,,;q=1,=", "text"],
] as const)("reads Accept %j as %s", (accept, format) => {
  expect(negotiateFormat(accept)).toBe(format);
});

test.each([
  [undefined, false],
  ["", false],
  ["gzip", true],
  ["GZIP", true],
  ["x-gzip", true],
  ["gzip;q=0", false],
  ["gzip;q=0.0", false],
  ["gzip;q=0.001", true],
  ["zstd,gzip", true],
  ["deflate, br, zstd", false],
  ["*", true],
  ["*;q=0", false],
  ["gzip;q=0, *", false],
  ["identity", false],
  ["gzipped", false],
  [`gzip${" ".repeat(5_000)};q=0`, false],
  [`gzip, br${" ".repeat(5_000)};q=0`, true],
] as const)("reads Accept-Encoding %j as gzip: %s", (header, expected) => {
  expect(acceptsGzip(header)).toBe(expected);
});

property.prop([fc.string({ unit: "binary", maxLength: 2_000 })])("chooses a format whatever Accept is", (accept) => {
  expect(["text", "openmetrics"]).toContain(negotiateFormat(accept));
  expect(acceptsGzip(accept)).toBeTypeOf("boolean");
});

property.prop([fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 1000 }), fc.boolean()])(
  "takes the format of the higher quality",
  (one, other, isTextFirst) => {
    fc.pre(one !== other);
    const items = [`text/plain;version=0.0.4;q=${one / 1000}`, `${om};version=1.0.0;q=${other / 1000}`];
    const accept = (isTextFirst ? items : items.toReversed()).join(", ");
    expect(negotiateFormat(accept)).toBe(one > other ? "text" : "openmetrics");
  },
);

test("reads the first items of a header only", () => {
  expect(negotiateFormat(`${om},${"a/b,".repeat(10_000)}`)).toBe("openmetrics");
  expect(negotiateFormat(`${"a/b,".repeat(10_000)}${om}`)).toBe("text");
  expect(negotiateFormat(`${"a/b,".repeat(63)}${om}`)).toBe("openmetrics");
  expect(negotiateFormat(`${"a/b,".repeat(64)}${om}`)).toBe("text");
});
