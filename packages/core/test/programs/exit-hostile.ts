// A program that works against closeOnExit in the way its argument says; run as a process of its own by
// close-on-exit-hostile.test.ts.
import { setTimeout as wait } from "node:timers/promises";
import { isMainThread, Worker } from "node:worker_threads";
import { closeOnExit, createPublisher, type MetricsPublisher } from "@eventmeter/core";
import { closeAndTell, createExample, publish, stay } from "./exit-example.ts";

const [, , scenario = "", other = ""] = process.argv;

/** A publisher with one record, closed on exit, in a program that runs for 10 s. */
function start(options?: Parameters<typeof closeOnExit>[1]): MetricsPublisher {
  const publisher = createExample();
  closeAndTell(publisher, options);
  publish(publisher);
  stay();
  return publisher;
}

const scenarios: Readonly<Record<string, () => unknown>> = {
  "once, emitted before any microtask"() {
    const publisher = createExample();
    closeAndTell(publisher);
    publish(publisher);
    process.prependOnceListener("SIGTERM", () => console.log("own handler"));
    process.emit("SIGTERM");
  },
  // Another library that wants to be the first listener too.
  "rival for the first place"() {
    start();
    const rival = (): void => {
      console.log("rival");
      process.exit(0);
    };
    process.prependListener("SIGTERM", rival);
    process.on("newListener", (name, added) => {
      if (name !== "SIGTERM" || added === rival) return;
      queueMicrotask(() => {
        process.off("SIGTERM", rival);
        process.prependListener("SIGTERM", rival);
      });
    });
  },
  "removes all listeners"() {
    start();
    process.removeAllListeners("SIGTERM");
  },
  "removes all listeners, then raises"() {
    const publisher = start();
    process.on("SIGTERM", () => {
      process.removeAllListeners("SIGTERM");
      setTimeout(() => {
        publish(publisher);
        process.kill(process.pid, "SIGTERM");
      }, 100);
    });
  },
  "once, then raises"() {
    const publisher = start();
    process.once("SIGTERM", () => {
      publish(publisher);
      process.kill(process.pid, "SIGTERM");
    });
  },
  "exits in its handler"() {
    const publisher = createExample("example", false);
    closeOnExit(publisher);
    publish(publisher, 3);
    stay();
    process.on("SIGTERM", () => process.exit(6));
  },
  "awaits the handle in its handler"() {
    const publisher = createExample();
    const { close } = closeOnExit(publisher);
    publish(publisher);
    stay();
    process.on("SIGTERM", async () => {
      const { status, delivered } = await close();
      console.log(`closed: ${status}, ${delivered} delivered`);
      process.exit(6);
    });
  },
  "listens while the publisher is closed"() {
    const publisher = createExample("example", false);
    closeOnExit(publisher, { timeoutMs: 500 });
    publish(publisher);
    stay();
    process.prependOnceListener("SIGTERM", () => undefined);
    setTimeout(() => {
      process.on("SIGTERM", () => setTimeout(() => process.exit(7), 400));
    }, 500);
  },
  "publishes in beforeExit"() {
    const publisher = createExample();
    closeAndTell(publisher);
    publish(publisher);
    process.once("beforeExit", async () => {
      await wait(50);
      publish(publisher);
    });
  },
  "rejection that nobody handles"() {
    const publisher = createExample("example", false);
    closeOnExit(publisher);
    publish(publisher, 2);
    void Promise.reject(new Error("a fault of the program"));
  },
  "health throws"() {
    const publisher = start();
    publisher.health = () => {
      throw new Error("against the contract");
    };
  },
  SIGHUP: () => start({ signals: ["SIGHUP"] }),
  async "SIGUSR1 beside signal-exit"() {
    const { onExit } = await import("signal-exit");
    onExit((_code, signal) => console.log(`signal-exit: ${signal}`));
    start({ signals: ["SIGUSR1"] });
    process.once("SIGUSR1", () => setTimeout(() => process.exit(8), 400));
  },
  "registered twice"() {
    const publisher = { ...createExample("example", false), name: "two\nlines" };
    closeOnExit(publisher);
    closeOnExit(publisher);
    publish(publisher);
    process.exit(0);
  },
  async "two realms"() {
    const { loadInRealm } = await import("./second-realm.ts");
    const realm = (await loadInRealm(other)) as { readonly closeOnExit: typeof closeOnExit };
    const [one, two] = [createExample("one"), createExample("two")];
    const handles = [realm.closeOnExit(one), closeOnExit(two)];
    console.log(`listeners: ${process.listenerCount("SIGTERM")}, ${process.listenerCount("exit")}`);
    void Promise.all(handles.map(({ closed }) => closed)).then((reports) =>
      console.log(`closed: ${reports.map(({ delivered }) => delivered).join()}`),
    );
    publish(one);
    publish(two);
    process.once("SIGTERM", () => console.log("own handler"));
    setTimeout(() => undefined, 1_000);
  },
  worker() {
    if (isMainThread) {
      const worker = new Worker(new URL(import.meta.url), { argv: ["worker"] });
      worker.on("error", ({ message }) => console.log(message));
      worker.on("exit", (code) => console.log(`worker: ${code}`));
      return;
    }
    const publisher = createExample();
    closeAndTell(publisher);
    publish(publisher);
  },
  "worker that exits"() {
    if (isMainThread) {
      const worker = new Worker(new URL(import.meta.url), { argv: ["worker that exits"] });
      worker.on("exit", (code) => console.log(`worker: ${code}`));
      return;
    }
    const publisher = createPublisher({ name: "in-a-worker", event: () => new Promise(() => undefined) });
    closeOnExit(publisher);
    publish(publisher, 2);
    process.exit(3);
  },
};

await scenarios[scenario]?.();
if (isMainThread) console.log("ready");
