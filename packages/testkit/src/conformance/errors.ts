import process from "node:process";
import { isPublisherError, type MetricsPublisher } from "@eventmeter/core";
import type { ConformanceCase, ConformanceOptions } from "./case.ts";
import type { Bench } from "./bench.ts";
import { numberFault } from "./equation.ts";
import { caseOf } from "./rules.ts";
import {
  finishedEvent,
  finishedNetwork,
  healthTree,
  invalidEvent,
  invalidNetwork,
  publishBad,
  publishGood,
} from "./samples.ts";

const CANARY = "canary-7d1f";

const fail = (): never => {
  throw new Error("onError");
};

/** Rule 3: what becomes of failures. */
export function errorCases({ create, failing }: ConformanceOptions): ConformanceCase[] {
  const cases = [
    caseOf(3, "gives onError a PublisherError for what it drops", create, (bench) => reports(bench, publishBad)),
    caseOf(3, "shows neither labels nor payload", create, hidesPayload),
    caseOf(3, "survives an onError that throws, rejects or publishes", create, survivesHandlers),
    caseOf(3, "warns where there is no onError, not once for each record", create, warnsOnce),
  ];
  if (failing === undefined) return cases;
  return [
    ...cases,
    caseOf(3, "gives onError a PublisherError when the backend refuses", failing, (bench) =>
      reports(bench, (publisher) => publishGood(publisher, 3)),
    ),
    caseOf(3, "shows neither labels nor payload when the backend refuses", failing, hidesPayload),
  ];
}

async function reports(bench: Bench, publish: (publisher: MetricsPublisher) => void): Promise<void> {
  const publisher = await bench.create();
  publish(publisher);
  await bench.wait(publisher.flush({ timeoutMs: 1_000 }), "flush()");
  await bench.clock.advance(60_000);
  bench.require(bench.errors.length > 0, "onError was not called");
  const names = new Set(healthTree(publisher.health()).map(({ name }) => name));
  for (const error of bench.errors) {
    bench.require(isPublisherError(error), "onError got something that isPublisherError does not recognise");
    bench.require(names.has(error.publisher), "an error's `publisher` is not the name of the publisher");
    bench.require(/^[a-z0-9]+(-[a-z0-9]+)*$/.test(error.code), "an error's `code` is no word in kebab-case");
    bench.require(
      typeof error.retryable === "boolean" && error.dropped >= 0,
      "an error lacks `retryable` or `dropped`",
    );
    bench.require(error.message.trim() !== "", "an error has no message");
  }
}

async function hidesPayload(bench: Bench): Promise<void> {
  const publisher = await bench.create();
  const common = {
    error: new Error(CANARY),
    errorType: CANARY,
    recordId: CANARY,
    traceId: CANARY,
    spanId: CANARY,
    attributes: { tenant: CANARY, [CANARY]: 1 },
  };
  const event = {
    ...finishedEvent(),
    ...common,
    eventName: CANARY,
    taskId: CANARY,
    status: CANARY,
    pipelineId: CANARY,
  };
  const network = {
    ...finishedNetwork(),
    ...common,
    operation: CANARY,
    host: CANARY,
    taskId: CANARY,
    eventName: CANARY,
  };
  publisher.publishEventMetrics(event);
  publisher.publishNetworkMetrics(network);
  publisher.publishEventMetrics({ ...event, startTime: invalidEvent().startTime });
  publisher.publishEventMetrics({ ...event, startTime: CANARY as never });
  publisher.publishNetworkMetrics({ ...network, operation: invalidNetwork().operation });
  publisher.publishNetworkMetrics(event as never);
  await bench.wait(publisher.flush({ timeoutMs: 1_000 }), "flush()");
  await bench.wait(publisher.close({ timeoutMs: 1_000 }), "close()");
  publisher.publishEventMetrics(event);
  await bench.clock.advance(60_000);
  for (const { code, message } of [...bench.errors, ...bench.diagnostics]) {
    bench.require(
      !message.includes(CANARY),
      `the message of "${code.replaceAll(CANARY, "…")}" repeats a value of the record`,
    );
  }
  bench.require(!JSON.stringify(publisher.health()).includes(CANARY), "health() repeats a value of the record");
}

async function survivesHandlers(bench: Bench): Promise<void> {
  let publisher: MetricsPublisher;
  const handlers: [string, () => unknown][] = [
    ["throws", fail],
    ["rejects", () => Promise.reject(new Error("onError"))],
    ["publishes a bad record", () => publishBad(publisher)],
    ["gives a thenable that throws", () => new Proxy({}, { get: fail })],
  ];
  // Their failures come out as process warnings, which a test runner need not see.
  for (const [what, onError] of handlers) {
    publisher = await bench.create({ onError });
    try {
      publishBad(publisher);
      publishGood(publisher, 2);
      await bench.wait(publisher.flush({ timeoutMs: 1_000 }), `flush() with an onError that ${what}`);
      await bench.clock.advance(60_000);
      publisher.publishEventMetrics(invalidEvent());
    } catch (caught) {
      if (bench.isBroken(caught)) throw caught;
      bench.require(false, `an onError that ${what} reached the caller`);
    }
    await bench.turn();
    bench.require(bench.rejections.length === 0, `an onError that ${what} left a rejection that nobody handled`);
    const fault = numberFault(publisher.health());
    bench.require(fault === undefined, `after an onError that ${what}, ${fault}`);
  }
}

async function warnsOnce(bench: Bench): Promise<void> {
  const seen = new Map<string, number>();
  const onWarning = (warning: Error & { code?: string }): void => {
    const key = `${warning.message.split(":")[0]} ${warning.code ?? warning.name}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
  };
  const publisher = await bench.create({ onError: undefined });
  process.on("warning", onWarning);
  try {
    for (let count = 0; count < 20; count += 1) publishBad(publisher);
    await bench.wait(publisher.flush({ timeoutMs: 1_000 }), "flush()");
    await bench.clock.advance(30_000);
    await bench.turn();
  } finally {
    process.off("warning", onWarning);
  }
  bench.require(seen.size > 0, "records were dropped without an onError, and no process warning said so");
  const most = Math.max(...seen.values());
  bench.require(most <= 1, `${most} process warnings of one code within a minute; at most one is allowed`);
}
