// What the tests about secrets of several publishers share.
import { expect } from "vitest";
import { type CommonOptions, createPublisher, type MetricsPublisher } from "../packages/core/src/index.ts";
import {
  canaryRecords,
  createFaultServer,
  echoOf,
  type FaultRequest,
  type FaultScript,
  findSecrets,
  type HostileReply,
} from "../packages/testkit/src/index.ts";

/** Secrets by name. */
export type Secrets = Readonly<Record<string, string>>;

/** Returns the faults that `meet` finds in any of the replies. Some at a time are met: most of them wait. */
export async function faultsOfAll(
  replies: readonly HostileReply[],
  meet: (reply: HostileReply) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const faults: string[] = [];
  const left = replies.values();
  const work = async (): Promise<void> => {
    // oxlint-disable-next-line no-await-in-loop -- as many at a time as there are workers
    for (const reply of left) faults.push(...(await meet(reply)));
  };
  await Promise.all(Array.from({ length: 12 }, work));
  return faults;
}

/** Returns which expected secrets are in none of the requests: of those nothing could be given away. */
export function unsentSecrets(
  expected: readonly string[],
  requests: readonly FaultRequest[],
  secrets: Secrets,
): readonly string[] {
  const sent = new Set(
    expected.length === 0 ? [] : requests.flatMap((request) => findSecrets(echoOf(request), secrets)),
  );
  return expected.filter((name) => !sent.has(name)).map((name) => `${name} was not sent`);
}

/** Sends an event to a server for each script until it has got `requests` requests, and closes the publisher. */
export async function sendToEach(
  scripts: readonly FaultScript[],
  create: (url: string) => MetricsPublisher,
  requests: number,
): Promise<void> {
  for (const script of scripts) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await using server = await createFaultServer(script);
    const publisher = create(server.url);
    publisher.publishEventMetrics(canaryRecords.event);
    // oxlint-disable-next-line no-await-in-loop
    await Promise.all([publisher.flush({ timeoutMs: 100 }), server.received(requests)]);
    // oxlint-disable-next-line no-await-in-loop
    await publisher.close({ timeoutMs: 0 });
  }
}

/** Expects the options of the publisher `name` to be rejected, and the error to tell no secret. */
export function expectSecretFreeRejection(create: () => unknown, name: string, secrets: Secrets): void {
  expect(create).toThrow(new RegExp(`^${name}: (?:an option is|\\d+ options are) wrong`));
  try {
    create();
  } catch (caught) {
    expect(findSecrets(caught, secrets)).toEqual([]);
  }
}

/**
 * Creates a publisher that tells a secret in every way that every publisher has; the canary records' attribute in a
 * diagnostic, their host in a process warning and their trace in the report of a close.
 */
export function createLeakyPublisher(
  { onError, onDiagnostic }: Pick<CommonOptions, "onError" | "onDiagnostic">,
  told: Readonly<Record<"error" | "check" | "start" | "health" | "name", string>>,
): MetricsPublisher {
  const { values } = canaryRecords;
  const inner = createPublisher(
    {
      name: "leaky",
      event() {
        throw new Error(`could not reach http://eve:${told.error}@x`);
      },
      check: () => ({ ok: false, code: "x", message: `with ${told.check}` }),
    },
    { onError },
  );
  onDiagnostic?.({ code: "x", publisher: "leaky", message: values.attribute });
  process.emitWarning(values.host);
  return {
    ...inner,
    name: told.name,
    start: () => Promise.reject(new Error("leaky", { cause: { start: told.start } })),
    close: async () => Object.assign(await inner.close(), { trace: values.traceId }),
    health: () => ({ ...inner.health(), name: told.health }),
  };
}
