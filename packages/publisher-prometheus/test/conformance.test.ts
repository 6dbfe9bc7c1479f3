import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";
import { conformanceCases } from "@eventmeter/testkit";
import { describe, test } from "vitest";

const PASSWORD = "a-password-that-nobody-may-see";
const auth = { username: "scraper", password: PASSWORD };

describe("with a server", () => {
  const suite = conformanceCases({
    create: (options) => new PrometheusPublisher({ port: 0, auth, ...options }),
    secrets: [PASSWORD],
  });
  for (const { name, run } of suite) test(name, run);
});

describe("with handlers alone", () => {
  const suite = conformanceCases({ create: (options) => new PrometheusPublisher({ server: false, ...options }) });
  for (const { name, run } of suite) test(name, run);
});

describe("with process metrics", () => {
  const suite = conformanceCases({
    create: (options) => new PrometheusPublisher({ port: 0, processMetrics: true, ...options }),
  });
  for (const { name, run } of suite) test(name, run);
});
