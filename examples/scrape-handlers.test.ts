import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

/** Ports that were free a moment ago. */
async function freePorts(): Promise<readonly [string, string]> {
  const servers = [createServer(), createServer()].map((server) => server.listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const [one, other] = servers.map((server) => String((server.address() as AddressInfo).port));
  for (const server of servers) server.close();
  return [one ?? "", other ?? ""];
}

/** Runs a program that stands as users write it, with ports of this machine's own choice in place of its fixed ones. */
async function runWithPorts(example: string, ports: Readonly<Record<string, string>>): Promise<void> {
  const source = await readFile(new URL(`${example}.ts`, import.meta.url), "utf8");
  const copy = new URL(`.${example}-${process.pid}.ts`, import.meta.url);
  await writeFile(
    copy,
    source.replaceAll(/\b(?:3000|9464)\b/g, (port) => ports[port] ?? port),
  );
  onTestFinished(() => rm(copy));
  run(`.${example}-${process.pid}`);
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
  await countsRequests(port, "GET unmatched");
  expect(await pageOf(`http://127.0.0.1:${metricsPort}/metrics`)).toContain("# TYPE");
});

test.each([
  ["fastify", "GET unmatched"],
  ["node-http", "request"],
  ["fetch-handler", "GET /*"],
])("%s serves the page of what it has answered", async (example, eventName) => {
  const [port] = await freePorts();
  run(example, { PORT: port });
  await countsRequests(port, eventName);
});

async function countsRequests(port: string, eventName: string): Promise<void> {
  const base = `http://localhost:${port}`;
  expect(await pageOf(`${base}/metrics`)).toContain("# TYPE event_duration_seconds histogram");
  await (await fetch(`${base}/nothing-here`)).text();
  const line = `event_duration_seconds_count{event_name="${eventName}",status="completed"`;
  await expect.poll(() => pageOf(`${base}/metrics`)).toContain(line);
}

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
