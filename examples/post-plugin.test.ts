// The conformance suite over a real server: one that works, one that refuses, one that never answers.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import type { CommonOptions, MetricsPublisher } from "@eventmeter/core";
import { conformanceCases } from "@eventmeter/testkit";
import { postPublisher } from "./post-plugin.ts";

const token = "a-token-that-nobody-may-see";
const bodies: string[] = [];
const servers: Server[] = [];

async function serve(answer: RequestListener): Promise<(options: CommonOptions) => MetricsPublisher> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return (options) => postPublisher({ url: `http://127.0.0.1:${port}/`, token, ...options });
}

// #region suite
const create = await serve(async (request, response) => {
  bodies.push(Buffer.concat(await request.toArray()).toString());
  response.end();
});
const failing = await serve((request, response) => {
  request.resume();
  response.writeHead(503).end();
});
const stalled = await serve((request) => request.resume());

for (const { name, run } of conformanceCases({ create, failing, stalled, secrets: [token] })) test(name, run);
// #endregion

test("posts the dictionary", async () => {
  const metrics = create({});
  metrics.publishEventMetrics({ eventName: "job", taskId: 1, startTime: Date.now() });
  await metrics.close();
  assert.equal(JSON.parse(bodies.at(-1) ?? "").event_name, "job");
});

after(() => {
  for (const server of servers) server.closeAllConnections();
  for (const server of servers) server.close();
});
