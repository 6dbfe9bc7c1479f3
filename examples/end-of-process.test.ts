import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { canRunAsProcess1, childOf, NEW_PROCESS_NAMESPACE } from "../packages/core/test/exit-harness.ts";
import { openFakeElasticsearch } from "../packages/publisher-elasticsearch/test/fake-elasticsearch.ts";
import { freePort } from "../test/free-port.ts";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { openReceiver } from "./open-receiver.ts";

interface Program {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly errors: () => string;
  readonly ended: Promise<{ readonly code: number | null; readonly by: string | null; readonly ms: number }>;
}

/** Starts an example as it stands. */
function start(file: string, env: Readonly<Record<string, string>>, prefix: readonly string[] = []): Program {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const [command, ...args] = [...prefix, process.execPath, "--conditions=@eventmeter/source", path];
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let [output, errors] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (output += String(chunk)));
  child.stderr.on("data", (chunk: Buffer) => (errors += String(chunk)));
  const begun = performance.now();
  const ended = once(child, "close").then(([code, by]) => ({ code, by, ms: performance.now() - begun }));
  return { child, output: () => output, errors: () => errors, ended };
}

const shows = (program: Program, text: string): Promise<void> =>
  vi.waitFor(() => expect(program.output()).toContain(text), { timeout: 20_000, interval: 10 });

test("a script that exits has sent its record", async () => {
  const { port: receiver, bodies } = await openReceiver();
  const program = start("end-of-script.ts", { OTLP_ENDPOINT: `http://127.0.0.1:${receiver}` });
  expect(await program.ended).toMatchObject({ code: 0 });
  expect(program.errors()).toBe("");
  expect(bodies).toHaveLength(1);
  expect(bodies[0]).toContain("import");
});

test("a server that drains publishes its last request, and ends by itself", async () => {
  const { port: receiver, bodies } = await openReceiver();
  const port = await freePort();
  const program = start("draining-server.ts", { OTLP_ENDPOINT: `http://127.0.0.1:${receiver}`, PORT: String(port) });
  await shows(program, "listening");
  const answer = fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
  await delay(100);
  program.child.kill("SIGTERM");
  expect(await (await answer).text()).toBe("hello\n");
  expect(await program.ended).toMatchObject({ code: 0, by: null });
  expect(program.errors()).toBe("");
  expect(bodies.at(-1)).toContain("request");
  expect(bodies.at(-1)).toContain("completed");
});

describe("a worker that jobs keep running", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("sends its records and is ended by %s", async (signal) => {
    const { port: receiver, bodies } = await openReceiver();
    const program = start("job-worker.ts", { OTLP_ENDPOINT: `http://127.0.0.1:${receiver}` });
    await shows(program, "job 2 done");
    program.child.kill(signal);
    expect(await program.ended).toMatchObject({ code: null, by: signal });
    expect(program.errors()).toBe("");
    expect(bodies.at(-1)).toContain("job");
  });

  test("ends within the time that PM2 gives it, with a backend that never answers", async () => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => silent.closeAllConnections());
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const program = start("job-worker.ts", { OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
    await shows(program, "job 2 done");
    const begun = performance.now();
    program.child.kill("SIGINT");
    expect(await program.ended).toMatchObject({ by: "SIGINT" });
    expect(performance.now() - begun).toBeLessThan(1_600);
  });

  test.skipIf(!canRunAsProcess1())("ends as process 1 of a container", async () => {
    const { port: receiver, bodies } = await openReceiver();
    const program = start("job-worker.ts", { OTLP_ENDPOINT: `http://127.0.0.1:${receiver}` }, NEW_PROCESS_NAMESPACE);
    await shows(program, "job 2 done");
    process.kill(childOf(program.child.pid), "SIGTERM");
    expect(await program.ended).toMatchObject({ code: 143 });
    expect(bodies.at(-1)).toContain("job");
  });
});

test("a function that is frozen between its calls has sent the record of each", async () => {
  await using server = await openFakeElasticsearch();
  const runtime = `
    const { handler } = await import(${JSON.stringify(new URL("lambda.ts", import.meta.url).href)});
    process.on("message", async (orderId) => process.send(await handler({ orderId })));
  `;
  const args = ["--conditions=@eventmeter/source", "--input-type=module", "--eval", runtime];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ELASTICSEARCH_URL: server.url },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  for (const orderId of ["one", "two", "three"]) {
    child.send(orderId);
    expect(await once(child, "message")).toContain("done");
    child.kill("SIGSTOP");
    const stored = Object.values(server.documents("metrics-eventmeter.event-default"));
    expect(JSON.stringify(stored)).toContain(`"task_id":"${orderId}"`);
    await delay(200);
    child.kill("SIGCONT");
  }
});

test("a worker thread sends its records when the main thread lets it end", async () => {
  const { port: receiver, bodies } = await openReceiver();
  const program = start("worker-thread.ts", { OTLP_ENDPOINT: `http://127.0.0.1:${receiver}` });
  await shows(program, "job 2 done");
  program.child.kill("SIGTERM");
  expect(await program.ended).toMatchObject({ code: 0, by: null });
  expect(program.errors()).toBe("");
  expect(program.output()).toContain("the thread has ended");
  expect(bodies.at(-1)).toContain("job");
});
