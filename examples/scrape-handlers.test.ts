import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { get } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { localhostTls } from "@eventmeter/testkit";
import { expect, onTestFinished, test } from "vitest";
import { renewedTls } from "../packages/publisher-prometheus/test/renewed-tls.ts";

/** Ports that were free a moment ago. */
async function freePorts(): Promise<readonly [string, string]> {
  const servers = [createServer(), createServer()].map((server) => server.listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const [one, other] = servers.map((server) => String((server.address() as AddressInfo).port));
  for (const server of servers) server.close();
  return [one ?? "", other ?? ""];
}

/** Runs a program that stands as users write it, with ports of this machine's own choice in place of its fixed ones. */
async function runWithPorts(
  example: string,
  ports: Readonly<Record<string, string>>,
): Promise<ReturnType<typeof spawn>> {
  const source = await readFile(new URL(`${example}.ts`, import.meta.url), "utf8");
  const copy = new URL(`.${example}-${process.pid}.ts`, import.meta.url);
  await writeFile(
    copy,
    source.replaceAll(/\b(?:3000|9464)\b/g, (port) => ports[port] ?? port),
  );
  onTestFinished(() => rm(copy));
  return run(`.${example}-${process.pid}`);
}

function run(example: string, env: Readonly<Record<string, string>> = {}): ReturnType<typeof spawn> {
  const file = fileURLToPath(new URL(`${example}.ts`, import.meta.url));
  const child = spawn(process.execPath, ["--conditions=@eventmeter/source", file], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill());
  return child;
}

/** Asks until the server is up. */
async function pageOf(url: string): Promise<string> {
  let response: Response | undefined;
  await expect
    .poll(
      async () => {
        response = await fetch(url).catch(() => undefined);
        return response?.status;
      },
      { timeout: 15_000 },
    )
    .toBe(200);
  expect(response?.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return response?.text() ?? "";
}

test("express serves the page of what it has answered, and a page of its own beside it", async () => {
  const [port, metricsPort] = await freePorts();
  await runWithPorts("express", { 3000: port, 9464: metricsPort });
  await countsRequests(port, { path: "/orders/17", eventName: "GET /orders/:id" });
  await countsRequests(port, { path: "/nothing-here", eventName: "GET unmatched" });
  await countsAborted(port, "GET /orders/:id");
  expect(await pageOf(`http://127.0.0.1:${metricsPort}/metrics`)).toContain("# TYPE");
});

test.each([
  ["fastify", "GET unmatched", "GET /orders/:id"],
  ["node-http", "request", "request"],
  ["fetch-handler", "GET /*", "GET /orders/:id"],
])("%s serves the page of what it has answered", async (example, unmatched, matched) => {
  const [port] = await freePorts();
  run(example, { PORT: port });
  await countsRequests(port, { path: "/orders/17", eventName: matched });
  await countsRequests(port, { path: "/nothing-here", eventName: unmatched });
  await countsAborted(port, matched);
});

async function countsRequests(
  port: string,
  { path, eventName }: { readonly path: string; readonly eventName: string },
): Promise<void> {
  const base = `http://localhost:${port}`;
  expect(await pageOf(`${base}/metrics`)).toContain("# TYPE event_duration_seconds histogram");
  await (await fetch(base + path)).text();
  const line = `event_duration_seconds_count{event_name="${eventName}",status="completed"`;
  await expect.poll(() => pageOf(`${base}/metrics`)).toContain(line);
}

/** Asks, and leaves before the answer comes, until one such request is counted. */
async function countsAborted(port: string, eventName: string): Promise<void> {
  const line = `event_duration_seconds_count{event_name="${eventName}",status="cancelled"`;
  await expect
    .poll(
      async () => {
        const socket = connect(Number(port), "localhost");
        await once(socket, "connect");
        socket.write("GET /orders/17 HTTP/1.1\r\nHost: localhost\r\n\r\n");
        await delay(20);
        socket.destroy();
        return pageOf(`http://localhost:${port}/metrics`);
      },
      { timeout: 10_000, interval: 100 },
    )
    .toContain(line);
}

test("cluster gives a worker that replaces another one the same port", async () => {
  const [port] = await freePorts();
  const child = await runWithPorts("cluster", { 9464: port });
  const started: { readonly pid: number; readonly url: string }[] = [];
  const lines = createInterface({ input: child.stdout as never });
  lines.on("line", (line) => {
    const [, pid, url = ""] = /^process (\d+) at (\S+)$/.exec(line) ?? [];
    started.push({ pid: Number(pid), url });
  });
  const of = (url: string): number[] => started.filter((each) => each.url === url).map(({ pid }) => pid);
  const first = `http://127.0.0.1:${port}/metrics`;
  await expect.poll(() => of(first).length, { timeout: 15_000 }).toBe(1);
  for (const count of [1, 2]) {
    process.kill(of(first)[count - 1] ?? 0, "SIGKILL");
    await expect.poll(() => of(first).length, { timeout: 15_000 }).toBe(count + 1);
  }
  expect(new Set(of(first)).size).toBe(3);
  expect(await pageOf(first)).toContain("# TYPE");
}, 60_000);

test("renewed-credentials takes a new token and, after SIGHUP, a new certificate", async () => {
  const [port] = await freePorts();
  const directory = await mkdtemp(join(tmpdir(), "renewed-credentials-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const write = async (
    token: string,
    { key, cert }: { readonly key: string; readonly cert: string },
  ): Promise<void> => {
    await Promise.all(
      Object.entries({ token: `${token}\n`, "tls.key": key, "tls.crt": cert }).map(([name, content]) =>
        writeFile(join(directory, name), content),
      ),
    );
  };
  await write("token-1", localhostTls);
  const child = run("renewed-credentials", { METRICS_PORT: port, SECRETS: directory });
  /** Asks with a token, trusting one certificate alone; resolves to the status, or to why there is none. */
  const ask = (token: string, ca: string): Promise<number | string> =>
    new Promise((resolve) => {
      const headers = { Authorization: `Bearer ${token}` };
      get({ host: "127.0.0.1", port, path: "/metrics", agent: false, ca, headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      }).on("error", (error) => resolve((error as { code?: string }).code ?? "unknown"));
    });
  await expect.poll(() => ask("token-1", localhostTls.cert), { timeout: 15_000 }).toBe(200);
  expect(await ask("token-2", localhostTls.cert)).toBe(401);
  await write("token-2", renewedTls);
  child.kill("SIGHUP");
  await expect.poll(() => ask("token-1", renewedTls.cert), { timeout: 15_000 }).toBe(200);
  // The function is called every 10 s at most.
  await expect.poll(() => ask("token-2", renewedTls.cert), { timeout: 30_000, interval: 500 }).toBe(200);
  expect(await ask("token-1", renewedTls.cert)).toBe(401);
}, 60_000);

test("prometheus serves the lines that its README shows", async () => {
  const [port] = await freePorts();
  run("prometheus", { METRICS_PORT: port });
  const page = await pageOf(`http://127.0.0.1:${port}/metrics`);
  expect(page).toContain(
    'event_duration_seconds_bucket{event_name="import",status="completed",tenant="acme",le="0.05"} 1\n',
  );
  expect(page).toContain('event_duration_seconds_sum{event_name="import",status="completed",tenant="acme"} 0.04\n');
  expect(page).toContain('event_retries_total{event_name="import",tenant="acme"} 2\n');
  expect(page).toContain('network_bytes_total{operation="GET",direction="received"} 18220\n');
  expect(page).toContain('network_latency_seconds_count{operation="GET"} 1\n');
  expect(page).toContain('target_info{service_name="shop",service_version="1.2.3"} 1\n');
});

test("registries shows the metrics of each on the page of the other", async () => {
  const child = run("registries");
  const [output, [code]] = await Promise.all([text(child.stdout as never), once(child, "close")]);
  const [ours = "", theirs = ""] = output.split("# HELP event_duration_seconds ").slice(1);
  expect(ours).toContain("\njobs_total 1\n");
  expect(ours).toContain("\nprocess_cpu_seconds_total ");
  expect(theirs).toContain('event_duration_seconds_count{event_name="import",status="completed"} 1\n');
  expect(code).toBe(0);
});
