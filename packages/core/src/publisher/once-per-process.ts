// `oncePerProcess`: one instance per process, for frameworks that evaluate a module several times.
import { checkOptions } from "../options/check-options.ts";
import { option } from "../options/option-rules.ts";
import type { MetricsPublisher } from "./contract.ts";
import { describePublisher } from "./describe-publisher.ts";
import { PublisherError } from "./publisher-error.ts";
import { readHealth } from "./read-health.ts";
import { isThenable, onRejection } from "./thenable.ts";

/** Instances by key. All copies of this package in a realm share it, whichever version they have: it stays a plain Map. */
const INSTANCES = Symbol.for("eventmeter.instances.v1");

/** Keys whose `create` is running. */
const creating = new Set<string>();

/**
 * Returns the instance of a key, and creates it if there is none: one per process, however often and from how many bundles or
 * copies of a module it is called. Worker threads and other realms have instances of their own.
 *
 * Later calls get the first instance, with the options that it was created with. If `create` throws, nothing is kept. A promise
 * is kept as it is, and forgotten if it rejects. A publisher that was closed is replaced by a new one.
 * @param key unique in the process; begin it with the name of the program or package, such as `shop:metrics`
 * @throws PublisherError `options` if the key is empty or `create` asks for its own key; what `create` throws
 */
export function oncePerProcess<Instance>(key: string, create: () => Instance): Instance {
  checkOptions(
    "oncePerProcess",
    { key, create },
    { key: option.required(option.string({ maxLength: 256 })), create: option.required(option.function()) },
  );
  const instances = sharedInstances();
  const kept = instances.get(key);
  if (instances.has(key) && !isClosedPublisher(kept)) return kept as Instance;
  if (creating.has(key))
    throw new PublisherError(`create() of the key "${key}" asks for the same key; take another key inside`, {
      code: "options",
      publisher: "oncePerProcess",
    });
  creating.add(key);
  try {
    const instance = create();
    instances.set(key, instance);
    if (isThenable(instance)) forgetIfItRejects(instances, key, instance);
    return instance;
  } finally {
    creating.delete(key);
  }
}

function sharedInstances(): Map<string, unknown> {
  const host = globalThis as { [INSTANCES]?: Map<string, unknown> };
  if (host[INSTANCES] === undefined)
    // Not enumerable: tools that compare or list globals do not see it.
    Object.defineProperty(host, INSTANCES, { value: new Map() });
  return host[INSTANCES] as Map<string, unknown>;
}

function isClosedPublisher(instance: unknown): boolean {
  try {
    return describePublisher(instance) === undefined && readHealth(instance as MetricsPublisher)?.state === "closed";
  } catch {
    return false;
  }
}

function forgetIfItRejects(instances: Map<string, unknown>, key: string, instance: PromiseLike<unknown>): void {
  onRejection(instance, () => {
    // The next call may have replaced it.
    if (instances.get(key) === instance) instances.delete(key);
  });
}
