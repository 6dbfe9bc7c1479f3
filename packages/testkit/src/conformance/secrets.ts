import { isPublisherError, type MetricsPublisher } from "@eventmeter/core";
import type { ConformanceCase, ConformanceOptions, CreatePublisher } from "./case.ts";
import { findSecrets } from "../secret-search.ts";
import type { Bench } from "./bench.ts";
import { caseOf } from "./rules.ts";
import { publishBad, publishGood } from "./samples.ts";

const CANARY = "canary-91c4";

/** Rule 13: what nobody may see. */
export function secretCases({ create, stalled, failing, secrets = [] }: ConformanceOptions): ConformanceCase[] {
  const cases = [caseOf(13, "wrong options are refused at once, without their values", create, refusesOptions)];
  if (secrets.length === 0) return cases;
  const backends: [string, CreatePublisher | undefined][] = [
    ["", create],
    [" when the backend never answers", stalled],
    [" when the backend refuses", failing],
  ];
  for (const [suffix, make] of backends) {
    if (make !== undefined)
      cases.push(caseOf(13, `no secret is shown${suffix}`, make, (bench) => hidesSecrets(bench, secrets)));
  }
  return cases;
}

async function refusesOptions(bench: Bench): Promise<void> {
  const wrong = {
    name: `Not Kebab ${CANARY}`,
    onError: CANARY,
    clock: { [CANARY]: CANARY },
    resource: { serviceName: [CANARY] },
  };
  let caught: unknown;
  try {
    await bench.createWith(wrong as never);
  } catch (error) {
    caught = error;
  }
  bench.require(caught !== undefined, "wrong options (name, onError, clock, resource) were accepted");
  bench.require(
    isPublisherError(caught) && caught.code === "options",
    'wrong options were not refused by a PublisherError of code "options"',
  );
  const missing = ["name", "onError", "clock", "resource"].filter(
    (option) => !(caught as Error).message.includes(option),
  );
  bench.require(
    missing.length === 0,
    `one error has to list every wrong option; these are missing: ${missing.join(", ")}`,
  );
  bench.require(findSecrets(caught, { CANARY }).length === 0, "the error of a wrong option shows its value");
}

async function hidesSecrets(bench: Bench, secrets: readonly string[]): Promise<void> {
  const publisher = await bench.create();
  const named = Object.fromEntries(secrets.map((secret, index) => [`secrets[${index}]`, secret]));
  const look = (what: string, value: unknown): void => {
    const shown = findSecrets(value, named);
    bench.require(shown.length === 0, `${what} shows ${shown.join(", ")}`);
  };
  look("the publisher", publisher);
  await exercise(bench, publisher, look);
  look("the closed publisher", publisher);
  look("health()", publisher.health());
  look("an error given to onError", bench.errors);
  look("a diagnostic", bench.diagnostics);
}

async function exercise(
  bench: Bench,
  publisher: MetricsPublisher,
  look: (what: string, value: unknown) => void,
): Promise<void> {
  const outcome = await bench.wait(
    (publisher.start?.({ timeoutMs: 200 }) ?? Promise.resolve()).catch((caught: unknown) => caught),
    "start()",
  );
  look("what start() rejected with", outcome);
  const probe = await bench.wait(
    (publisher.check?.({ timeoutMs: 200 }) ?? Promise.resolve()).catch((caught: unknown) => caught),
    "check()",
  );
  look("the answer of check()", probe);
  publishGood(publisher, 3);
  publishBad(publisher);
  look("the report of flush()", await bench.wait(publisher.flush({ timeoutMs: 200 }), "flush()"));
  look("the report of close()", await bench.wait(publisher.close({ timeoutMs: 200 }), "close()"));
}
