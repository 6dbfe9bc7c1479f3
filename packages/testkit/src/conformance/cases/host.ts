// Rule 7: what a publisher does to the process.
import process from "node:process";
import type { ConformanceCase, ConformanceOptions } from "../conformance-options.ts";
import type { Harness } from "../harness.ts";
import { addedResource, heldResources } from "../held-resources.ts";
import { caseOf } from "../rules.ts";
import { publishGood } from "../sample-records.ts";

const SHARED: Readonly<Record<string, object>> = {
  globalThis,
  console,
  process,
  Math,
  JSON,
  Date,
  Promise,
  "Promise.prototype": Promise.prototype,
  "Object.prototype": Object.prototype,
  "Array.prototype": Array.prototype,
  "Function.prototype": Function.prototype,
  "String.prototype": String.prototype,
  "EventTarget.prototype": EventTarget.prototype,
};

/** Returns the cases of rule 7. */
export function hostCases({ create }: ConformanceOptions): ConformanceCase[] {
  return [
    caseOf(7, "no socket or timer is left that holds the process", create, holdsNothing),
    caseOf(7, "no listener is added and no global is patched", create, leavesHostAlone),
  ];
}

async function holdsNothing(harness: Harness): Promise<void> {
  const before = heldResources();
  const publisher = await harness.create();
  await harness.wait(publisher.start?.() ?? Promise.resolve(), "start()");
  publishGood(publisher, 3);
  await harness.wait(publisher.flush(), "flush()");
  let added = addedResource(before);
  // A socket that is about to end can take some turns of the event loop to do so.
  for (let turns = 0; added !== undefined && turns < 200; turns += 1) {
    await harness.turn();
    added = addedResource(before);
  }
  harness.require(added === undefined, `with nothing left to do, a ${added} holds the process open`);
}

async function leavesHostAlone(harness: Harness): Promise<void> {
  const listeners = listenerCounts();
  const globals = snapshot();
  const publisher = await harness.create();
  await harness.wait(publisher.start?.() ?? Promise.resolve(), "start()");
  publishGood(publisher, 1);
  await harness.wait(publisher.flush(), "flush()");
  for (const [name, count] of listenerCounts()) {
    harness.require(count <= (listeners.get(name) ?? 0), `a listener for "${String(name)}" was added to the process`);
  }
  for (const [name, part] of Object.entries(SHARED)) {
    for (const [key, before] of globals.get(name) ?? []) {
      harness.require(valueOf(part, key) === before, `${name}.${String(key)} was changed`);
    }
  }
}

function listenerCounts(): Map<string | symbol, number> {
  return new Map(process.eventNames().map((name) => [name, process.listenerCount(name)]));
}

function snapshot(): Map<string, Map<PropertyKey, unknown>> {
  const entries = Object.entries(SHARED).map(([name, part]) => {
    const functions = Reflect.ownKeys(part).map((key) => [key, valueOf(part, key)] as const);
    return [name, new Map(functions.filter(([, value]) => typeof value === "function"))] as const;
  });
  return new Map(entries);
}

// Getters are not called, because they can load globals of the runtime.
function valueOf(part: object, key: PropertyKey): unknown {
  return Object.getOwnPropertyDescriptor(part, key)?.value as unknown;
}
