// Foreign thenables wherever a publisher takes a value of a program: each record is settled once.
import { expect, test } from "vitest";
import { createPublisher, filtered, mapped, type MetricsPublisher } from "../packages/core/src/index.ts";
import { createPushPublisher } from "../packages/delivery/src/index.ts";
import { CompositePublisher } from "../packages/publisher-composite/src/index.ts";
import { FOREIGN_THENABLES } from "./foreign-thenables.ts";

const now = Date.now();
const record = { eventName: "job", taskId: "1", startTime: now - 10, endTime: now };
const quiet = { onError: () => undefined };

/** Returns any value where a type does not allow it. */
function as(value: unknown): never {
  return value as never;
}

type Create = (give: () => unknown) => MetricsPublisher;

const sink = (event?: () => unknown): MetricsPublisher => createPublisher({ name: "sink", event }, quiet);

function publishing(publish: () => unknown): MetricsPublisher {
  return Object.assign(
    sink(() => undefined),
    { publishEventMetrics: as(publish) },
  );
}

function push(definition: object, options: object = {}): MetricsPublisher {
  const send = (): unknown => ({ kind: "delivered" });
  const encode = (): unknown => ({ data: "x" });
  const whole = { name: "push", encode, send, ...definition };
  return createPushPublisher(as(whole), {
    ...quiet,
    lingerMs: 0,
    ...options,
  });
}

const PLACES: Readonly<Record<string, Create>> = {
  "a handler": (give) => createPublisher({ name: "example", event: give }, quiet),
  "a handler after a start": (give) => createPublisher({ name: "example", event: give, start: give }, quiet),
  "a flush and a close": (give) =>
    createPublisher({ name: "example", event: () => undefined, flush: give, close: give }, quiet),
  "a predicate": (give) =>
    filtered(
      sink(() => undefined),
      as(give),
      quiet,
    ),
  "a mapping": (give) =>
    mapped(
      sink(() => undefined),
      as({ event: give }),
      quiet,
    ),
  "a publisher inside a wrapper": (give) => filtered(publishing(give), () => true, quiet),
  "a publisher inside a composite": (give) => new CompositePublisher([publishing(give)], quiet),
  "a predicate of a composite": (give) =>
    new CompositePublisher([{ publisher: sink(() => undefined), events: as(give) }], quiet),
  encode: (give) => push({ encode: give }),
  send: (give) => push({ send: give }),
  "a start of a push publisher": (give) => push({ start: give, close: give }),
  onDrop: (give) => push({ send: () => ({ kind: "rejected", reason: "no" }) }, { onDrop: give }),
};

const CASES = Object.keys(PLACES).flatMap((place) =>
  Object.keys(FOREIGN_THENABLES).map((kind) => [place, kind] as const),
);

test.concurrent.each(CASES)("%s that returns a thenable that %s settles each record once", async (place, kind) => {
  const publisher = PLACES[place]?.(FOREIGN_THENABLES[kind] as () => unknown) as MetricsPublisher;
  const judge = (): void => {
    const { received, delivered, dropped, ignored, pending } = publisher.health();
    expect(received).toBe(delivered + dropped + ignored + pending);
    expect(Math.min(delivered, dropped, ignored, pending)).toBeGreaterThanOrEqual(0);
  };
  for (let count = 0; count < 3; count += 1) publisher.publishEventMetrics(record);
  judge();
  await publisher.flush({ timeoutMs: 20 });
  judge();
  await publisher.close({ timeoutMs: 20 });
  judge();
  expect(publisher.health()).toMatchObject({ received: 3, pending: 0 });
});
