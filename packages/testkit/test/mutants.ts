import process from "node:process";
import {
  type CommonOptions,
  createPublisher,
  formatMetrics,
  type MetricsPublisher,
  PublisherError,
  type PublisherHealth,
  type WaitOptions,
} from "@eventmeter/core";
import type { ConformanceOptions } from "@eventmeter/testkit";

const refuse = (): never => {
  throw new Error("refused");
};
const nothing = (): void => {};
const never = (): Promise<void> => new Promise(() => {});

type CreatePublisher = (options: CommonOptions) => MetricsPublisher;

export const good: CreatePublisher = (options) =>
  createPublisher({ name: "example", event: nothing, network: nothing }, options);
export const stalled: CreatePublisher = (options) =>
  createPublisher({ name: "example", event: never, network: never }, options);
export const failing: CreatePublisher = (options) =>
  createPublisher({ name: "example", event: refuse, network: refuse }, options);

type Spoiled = { -readonly [Member in keyof MetricsPublisher]?: unknown };

/** Changes members of a good publisher. */
const spoil =
  (make: CreatePublisher, change: (inner: MetricsPublisher, options: CommonOptions) => Spoiled): CreatePublisher =>
  (options) => {
    const inner = make(options);
    return { ...inner, ...change(inner, options) } as MetricsPublisher;
  };

const healthBy =
  (change: (health: PublisherHealth) => object) =>
  (inner: MetricsPublisher): Spoiled => ({ health: () => ({ ...inner.health(), ...change(inner.health()) }) });
const eventBy =
  (run: (record: object, inner: MetricsPublisher) => unknown) =>
  (inner: MetricsPublisher): Spoiled => ({
    publishEventMetrics(record: never) {
      inner.publishEventMetrics(record);
      return run(record, inner);
    },
  });
const errorBy =
  (make: CreatePublisher, change: (error: PublisherError) => unknown): CreatePublisher =>
  (options) =>
    make({ ...options, onError: (error) => options.onError?.(change(error) as PublisherError) });
const messageOf =
  (message: string) =>
  (error: PublisherError): PublisherError =>
    new PublisherError(message, { code: error.code, publisher: error.publisher, dropped: error.dropped });
const silent =
  (make: CreatePublisher): CreatePublisher =>
  (options) =>
    make({ ...options, onError: nothing });
const reportNow = (inner: MetricsPublisher): object => ({ ...inner.health(), status: "complete", durable: 0 });

/** Does `begin` now and what it gives at the close. */
const until =
  (begin: () => () => void) =>
  (inner: MetricsPublisher): Spoiled => {
    const end = begin();
    return { close: (options: never) => (end(), inner.close(options)) };
  };
const timer = (): (() => void) => {
  const running = setInterval(nothing, 60_000);
  return () => clearInterval(running);
};
const listener = (): (() => void) => {
  process.on("beforeExit", nothing);
  return () => process.off("beforeExit", nothing);
};
const patch = (): (() => void) => {
  const { random } = Math;
  Math.random = () => random();
  return () => void (Math.random = random);
};
const rejectUnheard = (): void => void Promise.reject(new Error("nobody hears this"));
const block = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 12);

/** A publisher whose publish methods are those of a class, and not bound. */
class UnboundPublisher {
  readonly #inner: MetricsPublisher;

  constructor(inner: MetricsPublisher) {
    this.#inner = inner;
    Object.assign(this, inner);
    for (const name of ["publishEventMetrics", "publishNetworkMetrics"]) Reflect.deleteProperty(this, name);
  }

  publishEventMetrics(record: never): void {
    this.#inner.publishEventMetrics(record);
  }

  publishNetworkMetrics(record: never): void {
    this.#inner.publishNetworkMetrics(record);
  }
}

let shared: MetricsPublisher | undefined;
const sharing: CreatePublisher = (options) => {
  shared ??= good(options);
  return { ...shared, name: options.name ?? "example" };
};
const lazy: CreatePublisher = (options) =>
  createPublisher({ name: "example", event: nothing, network: nothing, start: never }, options);
const checking = (message: string): CreatePublisher =>
  spoil(good, () => ({ check: async () => ({ ok: true, code: "ok", message }) }));
const closeByFlush = (inner: MetricsPublisher): Spoiled => {
  let closing: Promise<unknown> | undefined;
  return { close: () => (closing ??= inner.flush()), [Symbol.asyncDispose]: () => inner.flush() };
};
const slow: CreatePublisher = (options) => {
  const later = (): Promise<void> => new Promise((resolve) => options.clock?.setTimeout(resolve, 300));
  return createPublisher({ name: "example", event: later, network: later }, options);
};
const SECRET = "hunter2";
const BASIC_SECRET = `Basic ${Buffer.from(`eve:${SECRET}`).toString("base64")}`;
const withSecret = (make: CreatePublisher): CreatePublisher => spoil(make, () => ({ token: SECRET }) as Spoiled);
const create = good;

/** For each case, by its name: publishers that break what it judges. */
export const MUTANTS: Readonly<Record<string, readonly ConformanceOptions[]>> = {
  "rule 1: accept, then deliver: reads the record before publish returns": [
    {
      create: spoil(
        good,
        eventBy((record) => queueMicrotask(() => void Reflect.get(record, "eventName"))),
      ),
    },
    {
      create: spoil(
        good,
        eventBy((record) => void Promise.resolve().then(() => ({ ...(Reflect.get(record, "attributes") as object) }))),
      ),
    },
    {
      create: spoil(
        good,
        eventBy((record) => queueMicrotask(() => void Reflect.ownKeys(record))),
      ),
    },
    {
      create: spoil(
        good,
        eventBy((record) => queueMicrotask(() => void ("eventName" in record))),
      ),
    },
  ],
  "rule 1: accept, then deliver: leaves the record as it is": [
    {
      create: spoil(
        good,
        eventBy((record) => void Reflect.set(record, "status", "seen")),
      ),
    },
    {
      create: spoil(
        good,
        eventBy((record) => void Reflect.deleteProperty(Reflect.get(record, "attributes") as object, "odd")),
      ),
    },
  ],
  "rule 1: accept, then deliver: returns nothing and does not wait": [
    {
      create: spoil(
        good,
        eventBy(async () => undefined),
      ),
    },
    { create: spoil(good, eventBy(block)) },
  ],
  "rule 2: never throw, never reject: survives malformed records": [
    {
      create: spoil(
        good,
        eventBy((record) => Object.keys(record)),
      ),
    },
    {
      create: spoil(good, () => ({
        formatMetrics: (record: { error?: unknown }) => ({
          ...formatMetrics(record as never),
          error: String(record.error),
        }),
      })),
    },
    {
      create: spoil(
        good,
        eventBy((record) => typeof record !== "object" && rejectUnheard()),
      ),
    },
    {
      create: spoil(good, (inner) => ({
        publishNetworkMetrics: (record: unknown) =>
          typeof record === "object" && inner.publishNetworkMetrics(record as never),
      })),
    },
  ],
  "rule 2: never throw, never reject: survives unusable wait options": [
    {
      create: spoil(good, (inner) => ({
        flush: async (options: { timeoutMs?: number }) => (Reflect.get(options, "timeoutMs"), inner.flush(options)),
      })),
    },
    {
      create: spoil(good, (inner) => ({
        close: ({ timeoutMs = 0 }) => (Number.isNaN(timeoutMs) ? refuse() : inner.close()),
      })),
    },
  ],
  "rule 2: never throw, never reject: its methods work without it": [
    { create: (options) => new UnboundPublisher(good(options)) as never },
    {
      create: spoil(good, (inner) => ({
        health(this: unknown) {
          return Object.keys(this as object) && inner.health();
        },
      })),
    },
    {
      create: spoil(good, (inner) => ({
        async flush(this: { name: string }) {
          return { ...(await inner.flush()), name: this.name };
        },
      })),
    },
    {
      create: spoil(good, (inner) => ({
        publishEventMetrics(this: unknown, record: never) {
          if (this !== undefined) inner.publishEventMetrics(record);
        },
      })),
    },
  ],
  "rule 2: never throw, never reject: survives a backend that rejects": [
    { create, failing: spoil(failing, () => ({ flush: async () => refuse() })) },
    { create, failing: spoil(failing, () => ({ publishEventMetrics: refuse })) },
    { create, failing: spoil(failing, eventBy(rejectUnheard)) },
  ],
  "rule 2: never throw, never reject: survives a backend that never answers": [
    { create, stalled: spoil(stalled, () => ({ flush: never })) },
  ],
  "rule 3: errors are values: gives onError a PublisherError for what it drops": [
    { create: silent(good) },
    { create: errorBy(good, ({ message }) => new Error(message)) },
    { create: errorBy(good, (error) => Object.assign(error, { code: "Bad Code" })) },
    { create: errorBy(good, (error) => Object.assign(error, { publisher: "somebody-else" })) },
  ],
  "rule 3: errors are values: shows neither labels nor payload": [
    { create: errorBy(good, messageOf("dropped canary-7d1f")) },
    {
      create: spoil(
        good,
        healthBy(({ lastError }) => ({ lastError: { ...lastError, message: "dropped canary-7d1f" } })),
      ),
    },
  ],
  "rule 3: errors are values: survives an onError that throws, rejects or publishes": [
    {
      create: spoil(good, (inner, { onError }) =>
        eventBy((_record) => onError?.(new PublisherError("seen", { code: "seen", publisher: inner.name })))(inner),
      ),
    },
  ],
  "rule 3: errors are values: warns where there is no onError, not once for each record": [
    { create: (options) => good({ ...options, onError: options.onError ?? nothing }) },
    {
      create: (options) =>
        spoil(
          good,
          eventBy(() => options.onError ?? process.emitWarning("example: a record was dropped")),
        )(options),
    },
  ],
  "rule 3: errors are values: gives onError a PublisherError when the backend rejects": [
    { create, failing: silent(failing) },
  ],
  "rule 3: errors are values: shows neither labels nor payload when the backend rejects": [
    { create, failing: errorBy(failing, messageOf("refused canary-7d1f")) },
  ],
  "rule 4: no I/O in constructors: creating opens no socket, server, timer or process": [
    { create: (options) => spoil(good, until(timer))(options) },
  ],
  "rule 4: no I/O in constructors: start is idempotent": [
    {
      create: spoil(good, () => {
        let starts = 0;
        return { start: async () => void ((starts += 1) > 1 && refuse()) };
      }),
    },
    {
      create: spoil(good, (inner) => {
        const ends: (() => void)[] = [];
        return {
          start: async () => void ends.push(timer()),
          close: () => (ends.forEach((end) => end()), inner.close()),
        };
      }),
    },
  ],
  "rule 4: no I/O in constructors: the first publish starts what was not started": [{ create: lazy }],
  "rule 4: no I/O in constructors: check answers in a sentence": [
    { create: checking("") },
    { create: spoil(good, () => ({ check: async () => refuse() })) },
  ],
  "rule 4: no I/O in constructors: start rejects with a PublisherError or not at all": [
    { create, failing: spoil(failing, () => ({ start: async () => refuse() })) },
  ],
  "rule 5: flush: covers every record accepted before the call": [
    { create: spoil(slow, (inner) => ({ flush: async () => reportNow(inner) })) },
    { create: stalled },
  ],
  "rule 5: flush: reports the numbers of health": [
    { create: spoil(good, (inner) => ({ flush: async () => ({ ...reportNow(inner), delivered: 0 }) })) },
    { create: spoil(good, (inner) => ({ close: async () => ({ ...(await inner.close()), received: 1 }) })) },
  ],
  "rule 5: flush: concurrent calls all end": [
    {
      create: spoil(slow, (inner) => {
        let running: unknown;
        return { flush: () => (running === undefined ? (running = inner.flush()) : never()) };
      }),
    },
    {
      create: spoil(slow, (inner) => {
        let running: unknown;
        return { flush: () => (running ??= inner.flush({ timeoutMs: 0 })) };
      }),
    },
  ],
  "rule 5: flush: ends when it is aborted": [
    {
      create,
      stalled: spoil(stalled, (inner) => ({
        flush: ({ timeoutMs }: { timeoutMs?: number }) => inner.flush({ timeoutMs }),
      })),
    },
    {
      create,
      stalled: spoil(stalled, (inner) => ({
        flush: ({ timeoutMs, signal }: WaitOptions) =>
          inner.flush({ timeoutMs, signal: signal?.aborted === true ? undefined : signal }),
      })),
    },
  ],
  "rule 5: flush: ends within its timeout when the backend never answers": [
    { create, stalled: spoil(stalled, (inner) => ({ flush: () => inner.flush() })) },
    { create, stalled: spoil(stalled, (inner) => ({ flush: async () => reportNow(inner) })) },
  ],
  "rule 5: flush: keeps its own timeout and signal during a close": [
    {
      create,
      stalled: spoil(stalled, (inner) => {
        let closing: Promise<unknown> | undefined;
        return {
          flush: async (options: never) => closing ?? inner.flush(options),
          close: (options: never) => (closing ??= inner.close(options)),
        };
      }),
    },
    {
      create,
      stalled: spoil(stalled, (inner) => ({
        flush: ({ timeoutMs }: { timeoutMs?: number }) => inner.flush({ timeoutMs }),
      })),
    },
  ],
  "rule 6: close: gives the same promise on every call": [
    { create: spoil(good, (inner) => ({ close: async () => inner.close() })) },
  ],
  "rule 6: close: flushes, and leaves nothing pending": [
    { create: stalled },
    { create: spoil(good, closeByFlush) },
    {
      create: spoil(slow, (inner) => {
        let closing: unknown;
        return { close: () => (closing ??= inner.close({ timeoutMs: 0 })) };
      }),
    },
  ],
  "rule 6: close: drops later records as closed": [
    { create: spoil(good, closeByFlush) },
    {
      create: spoil(
        good,
        healthBy(({ droppedBy: { closed = 0, ...others } }) => ({ droppedBy: { ...others, refused: closed } })),
      ),
    },
  ],
  "rule 6: close: await using closes": [
    { create: spoil(good, () => ({ [Symbol.asyncDispose]: async () => undefined })) },
  ],
  "rule 6: close: counts what a silent backend never confirmed": [
    {
      create,
      stalled: spoil(
        stalled,
        healthBy(({ droppedBy }) => ({ droppedBy: { failed: droppedBy.unconfirmed ?? 0 } })),
      ),
    },
    { create, stalled: spoil(stalled, () => ({ close: never })) },
  ],
  "rule 6: close: ends in time after a start that may hang, and leaves nothing open": [
    { create, stalled: spoil(stalled, () => ({ start: never })) },
    { create, stalled: spoil(stalled, () => ({ start: async () => void setTimeout(nothing, 5_000) })) },
    { create, stalled: spoil(stalled, () => ({ close: never })) },
  ],
  "rule 7: idle, nothing holds the process open: no socket or timer is left that holds the process": [
    { create: spoil(good, until(timer)) },
  ],
  "rule 7: idle, nothing holds the process open: no listener is added and no global is patched": [
    { create: spoil(good, until(listener)) },
    { create: spoil(good, until(patch)) },
  ],
  "rule 12: instances are independent: two of them share nothing": [{ create: sharing }],
  "rule 12: instances are independent: it has the name it was given and the version of the contract": [
    { create: (options) => good({ ...options, name: "always-this" }) },
    { create: spoil(good, () => ({ contract: 2 })) },
    {
      create: spoil(
        good,
        healthBy(() => ({ name: "another" })),
      ),
    },
  ],
  "rule 8: the numbers add up: finished records are delivered": [
    { create: failing },
    { create: (options) => createPublisher({ name: "example" }, options) },
  ],
  "rule 8: the numbers add up: each malformed record is counted once": [
    {
      create: spoil(good, (inner) => ({
        publishEventMetrics: () => inner.publishEventMetrics({ eventName: "repaired", taskId: 1, startTime: 1e12 }),
      })),
    },
    {
      create: spoil(
        good,
        eventBy((record, inner) => typeof record !== "object" && inner.publishEventMetrics(record)),
      ),
    },
    { create: (options) => createPublisher({ name: "example", event: nothing, network: never }, options) },
    {
      create: spoil(good, (inner) => ({
        publishEventMetrics: (record: { retryCount?: unknown } | null) =>
          inner.publishEventMetrics((typeof record?.retryCount === "symbol" ? null : record) as never),
      })),
    },
  ],
  "rule 8: the numbers add up: they add up after every step of a random schedule": [
    {
      create: spoil(
        good,
        healthBy((health) => ({ children: [{ ...health, delivered: health.delivered + 1 }] })),
      ),
    },
    {
      create: spoil(
        good,
        healthBy(({ ignoredBy }) => ({ ignoredBy: { ...ignoredBy, filtered: 1 } })),
      ),
    },
    {
      create: spoil(
        good,
        healthBy(({ recovered, delivered }) => ({ recovered: recovered + 0.5, delivered: delivered + 0.5 })),
      ),
    },
    {
      // Takes back what it has delivered, although the numbers still add up.
      create: spoil(good, (inner) => {
        let flushed = 0;
        return {
          flush: async (options: never) => {
            const report = await inner.flush(options);
            flushed = report.delivered;
            return report;
          },
          ...healthBy(({ delivered, ignored }) => ({
            delivered: delivered - flushed,
            ignored: ignored + flushed,
            ignoredBy: { filtered: ignored + flushed },
          }))(inner),
        };
      }),
    },
    {
      create: spoil(
        good,
        healthBy(({ pending }) => ({ pending: pending + 1 })),
      ),
    },
    {
      create: spoil(
        good,
        healthBy(({ droppedBy: { invalid = 0, ...others } }) => ({ droppedBy: { ...others, malformed: invalid } })),
      ),
    },
    {
      create: spoil(good, (inner) => {
        let delivered = 0;
        return {
          flush: async (options: never) => {
            const report = await inner.flush(options);
            delivered = report.delivered;
            return report;
          },
          health: () => {
            const health = inner.health();
            return { ...health, received: health.received - delivered, delivered: health.delivered - delivered };
          },
        };
      }),
    },
  ],
  "rule 8: the numbers add up: they add up after every step of a random schedule with a backend that never answers": [
    {
      create,
      stalled: spoil(
        stalled,
        healthBy(() => ({ pending: 0 })),
      ),
    },
  ],
  "rule 8: the numbers add up: they add up after every step of a random schedule with a backend that rejects": [
    {
      create,
      failing: spoil(
        failing,
        healthBy(({ dropped }) => ({ dropped: dropped * 2 })),
      ),
    },
  ],
  "rule 8: the numbers add up: nothing that the backend rejected is delivered": [{ create, failing: good }],
  "rule 9: bounded memory: every drop is reported": [
    { create: errorBy(good, (error) => Object.assign(error, { dropped: Math.min(error.dropped, 1) })) },
    { create: errorBy(good, (error) => Object.assign(error, { dropped: error.dropped * 2 })) },
    { create: silent(good) },
  ],
  "rule 9: bounded memory: a backend that never answers costs at most 64 MiB": [
    {
      create,
      stalled: (options) =>
        createPublisher(
          { name: "example", event: never, maxUnsettled: 1_000_000, maxUnsettledBytes: 2 ** 30 },
          options,
        ),
    },
    {
      create,
      stalled: spoil(
        stalled,
        healthBy(() => ({ pendingDetail: { bytes: 0, oldestAgeMs: 0 } })),
      ),
    },
  ],
  "rule 9: bounded memory: what is pending keeps no more memory than health() says": [
    {
      create,
      stalled: spoil(stalled, (inner) => {
        const kept: object[] = [];
        return { ...eventBy((record) => void kept.push(record))(inner), kept };
      }),
    },
    {
      create,
      stalled: spoil(stalled, (inner) => {
        const lanes = new Map<unknown, number>();
        return { ...eventBy((record) => void lanes.set(Reflect.get(record, "eventName"), 1))(inner), lanes };
      }),
    },
  ],
  "rule 9: bounded memory: every drop is reported when the backend never answers": [
    { create, stalled: errorBy(stalled, (error) => Object.assign(error, { dropped: Math.min(error.dropped, 100) })) },
  ],
  "rule 10: health: it is plain data that JSON can hold": [
    {
      create: spoil(
        good,
        healthBy(() => ({ retries: Number.NaN })),
      ),
    },
    {
      create: spoil(
        good,
        healthBy(() => ({ lastSuccess: new Date() })),
      ),
    },
    {
      create: spoil(
        good,
        healthBy(() => ({ state: "fine" })),
      ),
    },
  ],
  "rule 10: health: it is a snapshot and costs no I/O": [
    {
      create: spoil(good, (inner) => {
        const live = inner.health();
        return { health: () => Object.assign(live, inner.health()) };
      }),
    },
    {
      create: spoil(good, () => {
        let calls = 0;
        return healthBy(() => ({ retries: (calls += 1) }))(shared as MetricsPublisher);
      }),
    },
    {
      create: spoil(good, (inner) => {
        const ends: (() => void)[] = [];
        return {
          health: () => (ends.push(timer()), inner.health()),
          close: () => (ends.forEach((end) => end()), inner.close()),
        };
      }),
    },
  ],
  "rule 10: health: the state follows the publisher's life": [
    {
      create: spoil(
        good,
        healthBy(() => ({ state: "ok" })),
      ),
    },
    {
      create: spoil(
        good,
        healthBy(() => ({ state: "idle" })),
      ),
    },
  ],
  "rule 10: health: times come from the clock that was given": [
    { create: (options) => good({ ...options, clock: undefined }) },
  ],
  "rule 10: health: a backend that rejects shows": [
    {
      create,
      failing: spoil(
        failing,
        healthBy(() => ({ state: "ok" })),
      ),
    },
    {
      create,
      failing: spoil(
        failing,
        healthBy(() => ({ lastError: null })),
      ),
    },
  ],
  "rule 11: formatMetrics: it is pure, and JSON can hold what it gives": [
    {
      create: spoil(good, () => {
        let calls = 0;
        return {
          formatMetrics: (record: never) => ({ ...formatMetrics(record), attributes: { calls: (calls += 1) } }),
        };
      }),
    },
    {
      create: spoil(good, (_inner, { clock }) => ({
        formatMetrics: (record: never) => (clock?.now(), formatMetrics(record)),
      })),
    },
    {
      create: spoil(good, () => ({
        formatMetrics: (record: never) => ({ ...formatMetrics(record), retry_count: Number.NaN }),
      })),
    },
    {
      create: spoil(good, (inner) => ({
        formatMetrics: (record: never) => (inner.publishEventMetrics(record), formatMetrics(record)),
      })),
    },
  ],
  "rule 11: formatMetrics: it says which kind of record and which schema": [
    {
      create: spoil(good, () => ({
        formatMetrics: (record: never) => ({ ...formatMetrics(record), metric_type: "event" }),
      })),
    },
  ],
  "rule 11: formatMetrics: it is the standard dictionary": [
    {
      create: spoil(good, () => ({
        formatMetrics: (record: never) => ({ ...formatMetrics(record), backend: "example" }),
      })),
    },
    {
      create: spoil(good, () => ({
        formatMetrics: (record: never) => {
          const dictionary = formatMetrics(record);
          return { ...dictionary, start_time: dictionary.start_time === null ? null : dictionary.start_time * 1_000 };
        },
      })),
    },
  ],
  "rule 13: secrets stay secret: wrong options are rejected at once, without their values": [
    { create: () => good({}) },
    {
      create: (options) => {
        throw new PublisherError(`name: ${options.name}, onError, clock and resource are wrong`, {
          code: "options",
          publisher: "example",
        });
      },
    },
    { create: ({ name }) => good({ name }) },
    { create: () => refuse() },
  ],
  "rule 13: secrets stay secret: no secret is shown": [
    { create: withSecret(good), secrets: [SECRET] },
    {
      create: errorBy(good, (error) => Object.assign(error, { cause: { headers: { authorization: SECRET } } })),
      secrets: [SECRET],
    },
    {
      create: errorBy(good, (error) => Object.assign(error, { cause: { headers: { authorization: BASIC_SECRET } } })),
      secrets: [SECRET],
    },
    {
      create: spoil(good, () => ({
        start: async () => {
          throw new PublisherError(`no entry with ${SECRET}`, { code: "start-failed", publisher: "example" });
        },
      })),
      secrets: [SECRET],
    },
    { create: checking(`the key ${SECRET} is wrong`), secrets: [SECRET] },
  ],
  "rule 13: secrets stay secret: no secret is shown when the backend never answers": [
    { create, stalled: withSecret(stalled), secrets: [SECRET] },
  ],
  "rule 13: secrets stay secret: no secret is shown when the backend rejects": [
    { create, failing: errorBy(failing, messageOf(`refused ${SECRET}`)), secrets: [SECRET] },
  ],
};
