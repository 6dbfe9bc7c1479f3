import { isPublisherError } from "@eventmeter/core";
import type { ConformanceCase, ConformanceOptions } from "./case.ts";
import type { Bench } from "./bench.ts";
import { addedResource, heldResources } from "./resources.ts";
import { caseOf } from "./rules.ts";
import { publishGood } from "./samples.ts";

/** Rule 4: what happens before, at and without a start. */
export function startingCases({ create, failing }: ConformanceOptions): ConformanceCase[] {
  const cases = [
    caseOf(4, "creating opens no socket, server, timer or process", create, opensNothing),
    caseOf(4, "start is idempotent", create, startsOnce),
    caseOf(4, "the first publish starts what was not started", create, startsByItself),
    caseOf(4, "check answers in a sentence", create, checks),
  ];
  if (failing !== undefined)
    cases.push(caseOf(4, "start rejects with a PublisherError or not at all", failing, rejectsProperly));
  return cases;
}

async function opensNothing(bench: Bench): Promise<void> {
  const before = heldResources();
  // Judged before anything else runs, or what a constructor began might be over.
  const making = bench.create();
  const added = addedResource(before);
  const publisher = await making;
  bench.require(added === undefined, `creating the publisher opened a ${added}`);
  bench.require(publisher.health().received === 0, "a publisher that was just created has received something");
}

async function startsOnce(bench: Bench): Promise<void> {
  const publisher = await bench.create();
  if (publisher.start === undefined) return;
  await bench.wait(Promise.all([publisher.start(), publisher.start()]), "two calls of start()");
  const held = heldResources();
  await bench.wait(publisher.start(), "a third call of start()");
  const added = addedResource(held);
  bench.require(added === undefined, `a further call of start() opened another ${added}`);
  publishGood(publisher, 1);
  const { status } = await bench.wait(publisher.flush(), "flush()");
  bench.require(status === "complete", `a flush after start() ended as "${status}"`);
}

async function startsByItself(bench: Bench): Promise<void> {
  const publisher = await bench.create();
  publishGood(publisher, 3);
  const { status } = await bench.wait(publisher.flush(), "flush()");
  const { pending } = publisher.health();
  bench.require(
    status === "complete" && pending === 0,
    `without start(), a flush ended as "${status}" with ${pending} records pending`,
  );
}

async function checks(bench: Bench): Promise<void> {
  const publisher = await bench.create();
  if (publisher.check === undefined) return;
  const { ok, code, message } = await bench.wait(publisher.check(), "check()");
  bench.require(typeof ok === "boolean" && typeof code === "string", "check() gave no `ok` or no `code`");
  bench.require(typeof message === "string" && message !== "", "check() gave no message");
}

async function rejectsProperly(bench: Bench): Promise<void> {
  const publisher = await bench.create();
  if (publisher.start === undefined) return;
  const caught = await bench.wait(
    publisher.start({ timeoutMs: 1_000 }).then(
      () => undefined,
      (reason: unknown) => ({ reason }),
    ),
    "start()",
  );
  bench.require(
    caught === undefined || isPublisherError(caught.reason),
    "start() rejected with something that is no PublisherError",
  );
}
