// The program for Elasticsearch as it stands, against a server that answers as Elasticsearch does.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { createFaultServer, type FaultReply, type FaultRequest } from "@eventmeter/testkit";
import { expect, onTestFinished, test } from "vitest";

/** Answers as a server without templates that stores whatever it is given. */
function answer({ method, path, body }: FaultRequest): FaultReply {
  const headers = { "x-elastic-product": "Elasticsearch", "content-type": "application/json" };
  const lines = Buffer.from(body).toString().split("\n").length - 1;
  const items = Array.from({ length: lines / 2 }, () => ({ create: { status: 201 } }));
  const bodies: readonly (readonly [RegExp, unknown])[] = [
    [/_bulk/, { errors: false, items }],
    [/_has_privileges/, { has_all_requested: false }],
    [/^\/$/, { version: { number: "9.5.3" } }],
  ];
  const [, found = { acknowledged: true }] = bodies.find(([pattern]) => pattern.test(path)) ?? [];
  return {
    status: method === "GET" && path.includes("_index_template") ? 404 : 200,
    headers,
    body: JSON.stringify(found),
  };
}

/** Runs the program against the server and gives what it printed. */
async function run(url: string): Promise<{ readonly output: string; readonly faults: string; readonly code: unknown }> {
  const source = await readFile(new URL("elasticsearch.ts", import.meta.url), "utf8");
  const copy = new URL(`.elasticsearch-${process.pid}.ts`, import.meta.url);
  await writeFile(copy, source.replaceAll(/https?:\/\/es\.example:9200/g, url));
  onTestFinished(() => rm(copy));
  const child = spawn(process.execPath, ["--conditions=@eventmeter/source", fileURLToPath(copy)], {
    env: { ...process.env, ES_API_KEY: "a2V5" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill());
  const [output, faults, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { output, faults, code };
}

test("examples/elasticsearch.ts stores its event, says what it installed and what its key may not do, and ends", async () => {
  await using server = await createFaultServer(answer);
  const { output, faults, code } = await run(server.url.replace(/\/$/, ""));
  expect(code).toBe(0);
  expect(output).toBe("elasticsearch: the index template eventmeter-default is installed, version 2\n");
  expect(faults).toContain("may not write to metrics-eventmeter.event-default and metrics-eventmeter.network-default");
  expect(faults).toContain("create_doc and auto_configure");
  const [bulk, ...others] = server.requests.filter(({ path }) => path.includes("_bulk"));
  expect(others).toEqual([]);
  expect(bulk?.headers["authorization"]).toBe("ApiKey a2V5");
  const [, document] = Buffer.from(bulk?.body ?? [])
    .toString()
    .split("\n");
  expect(JSON.parse(document ?? "")).toMatchObject({
    event: { action: "invoice", outcome: "unknown" },
    eventmeter: { task_id: "42", status: "running" },
    labels: { customer: "c-17", amount: 9.5 },
    numeric_labels: { amount: 9.5 },
    service: { name: "billing", environment: "production" },
  });
});
