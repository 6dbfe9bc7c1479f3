// A program that ends in the way its argument says; run as a process of its own by close-on-exit.test.ts.
import { isMainThread, Worker } from "node:worker_threads";
import { closeOnExit, type MetricsPublisher } from "@eventmeter/core";
import { closeAndTell, createExample, publish, stay } from "./exit-example.ts";

const [, , scenario = "", other = ""] = process.argv;

function broken(close: MetricsPublisher["close"]): void {
  const publisher = createExample();
  publisher.close = close;
  closeOnExit(publisher, { timeoutMs: 100 });
  stay();
}

function ownHandler(register: (handler: () => void) => void, before: boolean): void {
  const publisher = createExample();
  const handle = (): void => {
    setTimeout(() => {
      publish(publisher);
      const { pending, received } = publisher.health();
      console.log(`own handler: ${received} received, ${pending} pending`);
      clearTimeout(running);
    }, 100);
  };
  if (before) register(handle);
  closeAndTell(publisher);
  if (!before) register(handle);
  publish(publisher);
  const running = setTimeout(() => undefined, 10_000);
}

const scenarios: Readonly<Record<string, () => unknown>> = {
  end() {
    const publisher = createExample();
    closeAndTell(publisher, { signals: [] });
    publish(publisher);
  },
  signal() {
    const publisher = createExample();
    closeAndTell(publisher);
    publish(publisher);
    stay();
  },
  hang() {
    const publisher = createExample("example", false);
    closeAndTell(publisher, { timeoutMs: 100 });
    publish(publisher);
  },
  throws: () =>
    broken(() => {
      throw new Error("against the contract");
    }),
  rejects: () => broken(async () => Promise.reject(new Error("against the contract"))),
  "never ends": () => broken(() => new Promise(() => undefined)),
  "on before": () => ownHandler((handler) => process.on("SIGTERM", handler), true),
  "on after": () => ownHandler((handler) => process.on("SIGTERM", handler), false),
  "once before": () => ownHandler((handler) => process.once("SIGTERM", handler), true),
  "once after": () => ownHandler((handler) => process.once("SIGTERM", handler), false),
  "prepended once after": () => ownHandler((handler) => process.prependOnceListener("SIGTERM", handler), false),
  "removes itself": () =>
    ownHandler((handler) => {
      const listener = (): void => {
        process.off("SIGTERM", listener);
        handler();
      };
      process.prependListener("SIGTERM", listener);
    }, false),
  "removes all": () =>
    ownHandler((handler) => {
      process.prependListener("SIGTERM", () => {
        process.removeAllListeners("SIGTERM");
        handler();
      });
    }, false),
  // A second signal while the backend is silent.
  silent() {
    const publisher = createExample("example", false);
    closeOnExit(publisher, { timeoutMs: 8_000 });
    publish(publisher, 3);
    stay();
  },
  exits() {
    const publisher = createExample("example", false);
    closeOnExit(publisher);
    publish(publisher, 3);
    process.exit(4);
  },
  "uncaught exception"() {
    const publisher = createExample("example", false);
    closeOnExit(publisher);
    publish(publisher, 2);
    throw new Error("a fault of the program");
  },
  "exit listener that exits"() {
    process.on("exit", () => process.exit(5));
    const publisher = createExample("example", false);
    closeOnExit(publisher);
    publish(publisher, 2);
    process.exit(4);
  },
  async "two copies"() {
    const copy = (await import(other)) as { readonly closeOnExit: typeof closeOnExit };
    const [one, two] = [createExample("one"), createExample("two")];
    const handles = [closeOnExit(one), copy.closeOnExit(two)];
    console.log(`listeners: ${process.listenerCount("SIGTERM")}, ${process.listenerCount("exit")}`);
    void Promise.all(handles.map(({ closed }) => closed)).then((reports) =>
      console.log(`closed: ${reports.map(({ delivered }) => delivered).join()}`),
    );
    publish(one);
    publish(two);
    stay();
  },
  async "signal-exit before"() {
    const { onExit } = await import("signal-exit");
    onExit((_code, signal) => console.log(`signal-exit: ${signal}`));
    scenarios["signal"]?.();
  },
  async "signal-exit 3 before"() {
    const { default: onExit } = await import("signal-exit-3");
    onExit((_code, signal) => console.log(`signal-exit: ${signal}`));
    scenarios["signal"]?.();
  },
  async "signal-exit 3 after"() {
    const { default: onExit } = await import("signal-exit-3");
    scenarios["signal"]?.();
    onExit((_code, signal) => console.log(`signal-exit: ${signal}`));
  },
  async "signal-exit after"() {
    const { onExit } = await import("signal-exit");
    scenarios["signal"]?.();
    onExit((_code, signal) => console.log(`signal-exit: ${signal}`));
  },
  // A server that finishes the request under way before it lets the process end.
  async draining() {
    const { createServer, get } = await import("node:http");
    const publisher = createExample();
    closeAndTell(publisher);
    const server = createServer((_, response) => {
      setTimeout(() => {
        publish(publisher);
        response.end("done");
      }, 200);
    });
    process.on("SIGTERM", () => server.close());
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { readonly port: number };
    get({ host: "127.0.0.1", port, agent: false }, (response) => {
      console.log(`answered ${response.statusCode}`);
      response.resume();
    });
    await new Promise((resolve) => void server.once("request", resolve));
  },
  worker() {
    if (isMainThread) {
      const worker = new Worker(new URL(import.meta.url), { argv: ["worker"] });
      worker.on("error", ({ message }) => console.log(message));
      return;
    }
    const publisher = createExample();
    closeAndTell(publisher);
    publish(publisher);
    closeOnExit(publisher, { signals: ["SIGTERM"] });
  },
};

await scenarios[scenario]?.();
if (isMainThread) console.log("ready");
