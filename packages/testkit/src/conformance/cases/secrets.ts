// Rule 13: secrets and wrong options are not shown.
import { isPublisherError, type MetricsPublisher } from "@eventmeter/core";
import type { ConformanceCase, ConformanceOptions, CreatePublisher } from "../conformance-options.ts";
import { findSecrets } from "../../secret-search.ts";
import type { Harness } from "../harness.ts";
import { caseOf } from "../rules.ts";
import { publishBad, publishGood } from "../sample-records.ts";

const CANARY = "canary-91c4";

/** Returns the cases of rule 13. */
export function secretCases({ create, stalled, failing, secrets = [] }: ConformanceOptions): ConformanceCase[] {
  const cases = [caseOf(13, "wrong options are rejected at once, without their values", create, rejectsOptions)];
  if (secrets.length === 0) return cases;
  const backends: [string, CreatePublisher | undefined][] = [
    ["", create],
    [" when the backend never answers", stalled],
    [" when the backend rejects", failing],
  ];
  for (const [suffix, make] of backends) {
    if (make !== undefined)
      cases.push(caseOf(13, `no secret is shown${suffix}`, make, (harness) => hidesSecrets(harness, secrets)));
  }
  return cases;
}

async function rejectsOptions(harness: Harness): Promise<void> {
  const wrong = {
    name: `Not Kebab ${CANARY}`,
    onError: CANARY,
    clock: { [CANARY]: CANARY },
    resource: { serviceName: [CANARY] },
  };
  let caught: unknown;
  try {
    await harness.createWith(wrong as never);
  } catch (error) {
    caught = error;
  }
  harness.require(caught !== undefined, "wrong options (name, onError, clock, resource) were accepted");
  harness.require(
    isPublisherError(caught) && caught.code === "options",
    'wrong options were not rejected by a PublisherError of code "options"',
  );
  const missing = ["name", "onError", "clock", "resource"].filter(
    (option) => !(caught as Error).message.includes(option),
  );
  harness.require(
    missing.length === 0,
    `one error has to list every wrong option; these are missing: ${missing.join(", ")}`,
  );
  harness.require(findSecrets(caught, { CANARY }).length === 0, "the error of a wrong option shows its value");
}

async function hidesSecrets(harness: Harness, secrets: readonly string[]): Promise<void> {
  const publisher = await harness.create();
  const named = Object.fromEntries(secrets.map((secret, index) => [`secrets[${index}]`, secret]));
  const look = (what: string, value: unknown): void => {
    const shown = findSecrets(value, named);
    harness.require(shown.length === 0, `${what} shows ${shown.join(", ")}`);
  };
  look("the publisher", publisher);
  await exercise(harness, publisher, look);
  look("the closed publisher", publisher);
  look("health()", publisher.health());
  look("an error given to onError", harness.errors);
  look("a diagnostic", harness.diagnostics);
}

async function exercise(
  harness: Harness,
  publisher: MetricsPublisher,
  look: (what: string, value: unknown) => void,
): Promise<void> {
  const outcome = await harness.wait(
    (publisher.start?.({ timeoutMs: 200 }) ?? Promise.resolve()).catch((caught: unknown) => caught),
    "start()",
  );
  look("what start() rejected with", outcome);
  const probe = await harness.wait(
    (publisher.check?.({ timeoutMs: 200 }) ?? Promise.resolve()).catch((caught: unknown) => caught),
    "check()",
  );
  look("the answer of check()", probe);
  publishGood(publisher, 3);
  publishBad(publisher);
  look("the report of flush()", await harness.wait(publisher.flush({ timeoutMs: 200 }), "flush()"));
  look("the report of close()", await harness.wait(publisher.close({ timeoutMs: 200 }), "close()"));
}
