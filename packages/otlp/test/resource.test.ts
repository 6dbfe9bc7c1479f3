import { resourceAttributes } from "@eventmeter/otlp";
import { expect, test } from "vitest";

test("fields have the names of the semantic conventions, and attributes follow as they are", () => {
  expect(
    Object.entries(
      resourceAttributes({
        attributes: { "host.name": "h", shard: 3, canary: false },
        serviceName: "shop",
        serviceVersion: "1.2.3",
        serviceInstanceId: "i-1",
        environment: "production",
      }),
    ),
  ).toEqual([
    ["service.name", "shop"],
    ["service.version", "1.2.3"],
    ["service.instance.id", "i-1"],
    ["deployment.environment.name", "production"],
    ["host.name", "h"],
    ["shard", 3],
    ["canary", false],
  ]);
});

test("a field that is not given is left out, and an attribute may say it", () => {
  expect(resourceAttributes({ serviceName: "shop", attributes: { "service.version": "2" } })).toEqual({
    "service.name": "shop",
    "service.version": "2",
  });
});

test("a field comes before an attribute that says the same", () => {
  expect(resourceAttributes({ serviceName: "shop", attributes: { "service.name": "other" } })).toEqual({
    "service.name": "shop",
  });
});

test("an attribute may have any name", () => {
  const attributes = JSON.parse('{"__proto__":"p"}') as Record<string, string>;
  expect(Object.entries(resourceAttributes({ serviceName: "s", attributes }))).toEqual([
    ["service.name", "s"],
    ["__proto__", "p"],
  ]);
});

test("texts are cut at 2,048 bytes, as label values are", () => {
  const attributes = resourceAttributes({ serviceName: "€".repeat(1_000), attributes: { owner: "é".repeat(4_096) } });
  expect(attributes).toEqual({ "service.name": "€".repeat(682), owner: "é".repeat(1_024) });
});
