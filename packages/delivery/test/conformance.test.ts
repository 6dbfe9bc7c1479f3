import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type CommonOptions, formatMetrics, type MetricsPublisher } from "@eventmeter/core";
import { conformanceCases } from "@eventmeter/testkit";
import { afterAll, describe, test } from "vitest";
import { createPushPublisher, type DeliveryOptions, type Outcome } from "../src/index.ts";

const TOKEN = "a-token-that-nobody-may-see";

const server = createServer(async (request, response) => {
  for await (const _ of request);
  response.end();
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address() as AddressInfo;
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const over =
  (send: () => Outcome | Promise<Outcome>, delivery: DeliveryOptions = {}) =>
  (options: CommonOptions): MetricsPublisher =>
    createPushPublisher(
      { name: "pushing", encode: (record) => ({ data: JSON.stringify(formatMetrics(record)) }), send },
      { ...delivery, ...options },
    );

function overHttp(options: CommonOptions): MetricsPublisher {
  return createPushPublisher(
    {
      name: "pushing",
      wrap: { prefix: "[", separator: ",", suffix: "]" },
      encode: (record, { id }) => ({ data: JSON.stringify({ id, ...formatMetrics(record) }) }),
      async send(batch, { signal }) {
        const headers = { authorization: `Bearer ${TOKEN}` };
        const { ok } = await fetch(`http://127.0.0.1:${port}/`, {
          method: "POST",
          body: batch.body(),
          headers,
          signal,
        });
        return ok ? { kind: "delivered" } : { kind: "retry" };
      },
    },
    options,
  );
}

const delivered = (): Outcome => ({ kind: "delivered" });
const never = (): Promise<Outcome> => new Promise(() => {});
const refuse = (): never => {
  throw new Error(`refused ${TOKEN}`);
};

describe("with a backend that takes everything", () => {
  const suite = conformanceCases({ create: over(delivered), stalled: over(never), failing: over(refuse) });
  for (const { name, run } of suite) test(name, run);
});

describe("with a backend that rejects everything", () => {
  const reject = (): Outcome => ({ kind: "rejected", reason: "no" });
  const suite = conformanceCases({ create: over(delivered), failing: over(reject) });
  for (const { name, run } of suite) test(name, run);
});

describe("with little memory that gives up the oldest", () => {
  const tight: DeliveryOptions = { maxQueueBytes: 65_536, overflow: "drop-oldest", maxBatchRecords: 10, lingerMs: 0 };
  const suite = conformanceCases({
    create: over(delivered, { lingerMs: 0 }),
    stalled: over(never, tight),
    failing: over(refuse, tight),
  });
  for (const { name, run } of suite) test(name, run);
});

describe("with a secret, over HTTP", () => {
  const suite = conformanceCases({ create: overHttp, secrets: [TOKEN] });
  for (const { name, run } of suite) test(name, run);
});
