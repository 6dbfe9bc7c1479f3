// A program whose modules are evaluated several times; run as a process of its own by once-per-process.test.ts.
import { createContext, runInContext } from "node:vm";
import { isMainThread, Worker } from "node:worker_threads";
import { createPublisher, type MetricsPublisher, oncePerProcess } from "@eventmeter/core";

interface Core {
  readonly oncePerProcess: typeof oncePerProcess;
}

const [, , scenario = "", source = "", copy = ""] = process.argv;
const KEY = "program:metrics";
let created = 0;

function create(): MetricsPublisher {
  created += 1;
  return createPublisher({ name: "example", event: () => undefined });
}

function publish(publisher: MetricsPublisher): void {
  publisher.publishEventMetrics({ eventName: "job", taskId: 1, startTime: Date.now(), endTime: Date.now() });
}

/** Evaluates a module as often as it has addresses, as bundles, hot reloads and two installed copies do. */
async function evaluate(addresses: readonly string[]): Promise<void> {
  const cores: Core[] = [];
  for (const address of addresses) cores.push((await import(address)) as Core);
  const all = cores.map((core) => core.oncePerProcess(KEY, create));
  for (const publisher of all) publish(publisher);
  console.log(
    `modules: ${new Set(cores).size}, created: ${created}, instances: ${new Set(all).size}, ` +
      `delivered: ${all[0]?.health().delivered}`,
  );
}

const scenarios: Readonly<Record<string, () => unknown>> = {
  copies: () => evaluate([source, copy]),
  "hot reload": () => evaluate([source, `${source}?v=2`, `${source}?v=3`]),
  worker() {
    oncePerProcess(KEY, create);
    const worker = new Worker(new URL(import.meta.url), { argv: ["in the worker"], execArgv: process.execArgv });
    worker.on("exit", () => console.log(`main: ${created} created`));
  },
  "in the worker"() {
    oncePerProcess(KEY, create);
    console.log(`${isMainThread ? "main" : "worker"}: ${created} created`);
  },
  realm() {
    const mine = oncePerProcess(KEY, create);
    const registry = Symbol.for("eventmeter.instances.v1");
    const other = createContext({ registry });
    console.log(runInContext("globalThis[registry] === undefined", other) && mine === oncePerProcess(KEY, create));
  },
};

await scenarios[scenario]?.();
