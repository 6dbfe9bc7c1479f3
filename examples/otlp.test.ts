import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

async function run(...args: readonly string[]): Promise<string> {
  const file = fileURLToPath(new URL("otlp.ts", import.meta.url));
  const command = ["--conditions=@eventmeter/source", file, ...args];
  const { stdout } = await promisify(execFile)(process.execPath, command);
  return stdout;
}

/** A receiver that gives one answer; `body` is what it was sent last. */
async function receiver(status: number, answer: string): Promise<{ readonly url: string; body: Buffer }> {
  const server = createServer(async (request, response) => {
    expect(request.headers["content-type"]).toBe("application/x-protobuf");
    given.body = Buffer.concat(await request.toArray());
    response.writeHead(status).end(Buffer.from(answer, "hex"));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const given = { url: `http://127.0.0.1:${port}/v1/metrics`, body: Buffer.alloc(0) };
  return given;
}

test("says how large the request is", async () => {
  expect(await run()).toMatch(/^\d+ bytes\n$/);
});

test("posts the request, and prints what the receiver did not take", async () => {
  const given = await receiver(200, "0a0708031203626164");
  expect(await run(given.url)).toBe(`${given.body.length} bytes\n200 { rejectedDataPoints: 3, errorMessage: 'bad' }\n`);
  for (const text of ["shop", "event_duration_seconds", "event_retries_total", "invoice"])
    expect(given.body.toString("latin1")).toContain(text);
});

test("prints that a receiver rejected it", async () => {
  const given = await receiver(400, "080312026e6f");
  expect(await run(given.url)).toBe(`${given.body.length} bytes\n400 rejected\n`);
});
