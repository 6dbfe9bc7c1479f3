// Rule 4: what happens before, at and without a start.
import { isPublisherError } from "@eventmeter/core";
import type { ConformanceCase, ConformanceOptions } from "../conformance-options.ts";
import type { Harness } from "../harness.ts";
import { addedResource, heldResources } from "../held-resources.ts";
import { caseOf } from "../rules.ts";
import { publishGood } from "../sample-records.ts";

/** Returns the cases of rule 4. */
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

async function opensNothing(harness: Harness): Promise<void> {
  const before = heldResources();
  // Compared before anything else runs: what a constructor began might be over by then.
  const creating = harness.create();
  const added = addedResource(before);
  const publisher = await creating;
  harness.require(added === undefined, `creating the publisher opened a ${added}`);
  harness.require(publisher.health().received === 0, "a publisher that was just created has received something");
}

async function startsOnce(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  if (publisher.start === undefined) return;
  await harness.wait(Promise.all([publisher.start(), publisher.start()]), "two calls of start()");
  const held = heldResources();
  await harness.wait(publisher.start(), "a third call of start()");
  const added = addedResource(held);
  harness.require(added === undefined, `a further call of start() opened another ${added}`);
  publishGood(publisher, 1);
  const { status } = await harness.wait(publisher.flush(), "flush()");
  harness.require(status === "complete", `a flush after start() ended as "${status}"`);
}

async function startsByItself(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  publishGood(publisher, 3);
  const { status } = await harness.wait(publisher.flush(), "flush()");
  const { pending } = publisher.health();
  harness.require(
    status === "complete" && pending === 0,
    `without start(), a flush ended as "${status}" with ${pending} records pending`,
  );
}

async function checks(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  if (publisher.check === undefined) return;
  const { ok, code, message } = await harness.wait(publisher.check(), "check()");
  harness.require(typeof ok === "boolean" && typeof code === "string", "check() gave no `ok` or no `code`");
  harness.require(typeof message === "string" && message !== "", "check() gave no message");
}

async function rejectsProperly(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  if (publisher.start === undefined) return;
  const caught = await harness.wait(
    publisher.start({ timeoutMs: 1_000 }).then(
      () => undefined,
      (reason: unknown) => ({ reason }),
    ),
    "start()",
  );
  harness.require(
    caught === undefined || isPublisherError(caught.reason),
    "start() rejected with something that is no PublisherError",
  );
}
