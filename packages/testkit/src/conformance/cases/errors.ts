// Rule 3: where failures are reported, and what a message shows.
import { isPublisherError, type MetricsPublisher } from "@eventmeter/core";
import type { ConformanceCase, ConformanceOptions } from "../conformance-options.ts";
import { BrokenRule, type Harness } from "../harness.ts";
import { numberFault } from "../equation.ts";
import { caseOf } from "../rules.ts";
import { healthTree } from "../health-tree.ts";
import {
  finishedEvent,
  finishedNetwork,
  invalidEvent,
  invalidNetwork,
  publishBad,
  publishGood,
} from "../sample-records.ts";

const CANARY = "canary-7d1f";

const fail = (): never => {
  throw new Error("onError");
};

/** Returns the cases of rule 3. */
export function errorCases({ create, failing }: ConformanceOptions): ConformanceCase[] {
  const cases = [
    caseOf(3, "gives onError a PublisherError for what it drops", create, (harness) => reports(harness, publishBad)),
    caseOf(3, "shows neither labels nor payload", create, hidesPayload),
    caseOf(3, "survives an onError that throws, rejects or publishes", create, survivesHandlers),
    caseOf(3, "warns where there is no onError, not once for each record", create, warnsOnce),
  ];
  if (failing === undefined) return cases;
  return [
    ...cases,
    caseOf(3, "gives onError a PublisherError when the backend rejects", failing, (harness) =>
      reports(harness, (publisher) => publishGood(publisher, 3)),
    ),
    caseOf(3, "shows neither labels nor payload when the backend rejects", failing, hidesPayload),
  ];
}

async function reports(harness: Harness, publish: (publisher: MetricsPublisher) => void): Promise<void> {
  const publisher = await harness.create();
  publish(publisher);
  await harness.wait(publisher.flush({ timeoutMs: 1_000 }), "flush()");
  await harness.clock.advance(60_000);
  harness.require(harness.errors.length > 0, "onError was not called");
  const names = new Set(healthTree(publisher.health()).map(({ name }) => name));
  for (const error of harness.errors) {
    harness.require(isPublisherError(error), "onError got something that isPublisherError does not recognise");
    harness.require(names.has(error.publisher), "an error's `publisher` is not the name of the publisher");
    harness.require(/^[a-z0-9]+(-[a-z0-9]+)*$/.test(error.code), "an error's `code` is no word in kebab-case");
    harness.require(
      typeof error.retryable === "boolean" && error.dropped >= 0,
      "an error lacks `retryable` or `dropped`",
    );
    harness.require(error.message.trim() !== "", "an error has no message");
  }
}

async function hidesPayload(harness: Harness): Promise<void> {
  const publisher = await harness.create();
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
  await harness.wait(publisher.flush({ timeoutMs: 1_000 }), "flush()");
  await harness.wait(publisher.close({ timeoutMs: 1_000 }), "close()");
  publisher.publishEventMetrics(event);
  await harness.clock.advance(60_000);
  for (const { code, message } of [...harness.errors, ...harness.diagnostics]) {
    harness.require(
      !message.includes(CANARY),
      `the message of "${code.replaceAll(CANARY, "…")}" repeats a value of the record`,
    );
  }
  harness.require(!JSON.stringify(publisher.health()).includes(CANARY), "health() repeats a value of the record");
}

async function survivesHandlers(harness: Harness): Promise<void> {
  let publisher: MetricsPublisher;
  const handlers: [string, () => unknown][] = [
    ["throws", fail],
    ["rejects", () => Promise.reject(new Error("onError"))],
    ["publishes a bad record", () => publishBad(publisher)],
    ["gives a thenable that throws", () => new Proxy({}, { get: fail })],
  ];
  // What such handlers throw becomes process warnings, which are not looked at here.
  harness.collectWarnings();
  for (const [what, onError] of handlers) {
    publisher = await harness.create({ onError });
    try {
      publishBad(publisher);
      publishGood(publisher, 2);
      await harness.wait(publisher.flush({ timeoutMs: 1_000 }), `flush() with an onError that ${what}`);
      await harness.clock.advance(60_000);
      publisher.publishEventMetrics(invalidEvent());
    } catch (caught) {
      if (caught instanceof BrokenRule) throw caught;
      harness.require(false, `an onError that ${what} reached the caller`);
    }
    await harness.turn();
    harness.require(harness.rejections.length === 0, `an onError that ${what} left a rejection that nobody handled`);
    const fault = numberFault(publisher.health());
    harness.require(fault === undefined, `after an onError that ${what}, ${fault}`);
  }
}

async function warnsOnce(harness: Harness): Promise<void> {
  const publisher = await harness.create({ onError: undefined });
  const warnings = harness.collectWarnings();
  for (let count = 0; count < 20; count += 1) publishBad(publisher);
  await harness.wait(publisher.flush({ timeoutMs: 1_000 }), "flush()");
  await harness.clock.advance(30_000);
  await harness.turn();
  const seen = new Map<string, number>();
  for (const { name, code, message } of warnings) {
    const key = `${message.split(":")[0]} ${code ?? name}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  harness.require(seen.size > 0, "records were dropped without an onError, and no process warning said so");
  const most = Math.max(...seen.values());
  harness.require(most <= 1, `${most} process warnings of one code within a minute; at most one is allowed`);
}
