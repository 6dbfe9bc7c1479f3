import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { globalAgent } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { createServer as createTlsServer } from "node:https";
import { promisify } from "node:util";
import { createFaultServer } from "@eventmeter/testkit";
import { expect, onTestFinished, test } from "vitest";
import { authority, server as serverTls } from "./certificates.ts";

// The option is there, if only as undefined, where Node.js knows the variables.
const knowsProxies = "proxyEnv" in globalAgent.options;

/** Publishes one event from a process of its own; returns what it printed. */
const PROGRAM = `
  import { GrafanaCloudPublisher } from "@eventmeter/publisher-grafana-cloud";
  const publisher = new GrafanaCloudPublisher(JSON.parse(process.env.OPTIONS));
  publisher.publishEventMetrics({ eventName: "a", taskId: 1, startTime: Date.now(), endTime: Date.now() });
  console.log((await publisher.close()).status);
`;

/** Opens a proxy, which takes every host for this machine. */
async function openProxy(): Promise<{ readonly url: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    request.resume();
    response.end();
  });
  proxy.on("connect", ({ url = "" }, socket) => {
    asked.push(`CONNECT ${url}`);
    const upstream = connect(Number(url.split(":")[1]), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(() => void proxy.close());
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, asked };
}

async function run(options: object, proxy: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--conditions=@eventmeter/source", "--input-type=module", "--eval", PROGRAM],
    {
      cwd: import.meta.dirname,
      env: {
        ...process.env,
        NODE_USE_ENV_PROXY: "1",
        HTTP_PROXY: proxy,
        HTTPS_PROXY: proxy,
        NO_PROXY: "127.0.0.1",
        OPTIONS: JSON.stringify(options),
      },
    },
  );
  return stdout.trim();
}

test.skipIf(!knowsProxies)(
  "NODE_USE_ENV_PROXY sends requests through a proxy, except to the hosts in NO_PROXY",
  async () => {
    const { url, asked } = await openProxy();
    const endpoint = "http://collector.invalid:4318";
    expect(await run({ endpoint }, url)).toBe("complete");
    expect(asked).toEqual([`POST ${endpoint}/v1/metrics`]);
    const server = await createFaultServer();
    onTestFinished(() => server.close());
    expect(await run({ endpoint: server.url }, url)).toBe("complete");
    expect(server.requests).toHaveLength(1);
    expect(asked).toHaveLength(1);
  },
);

test.skipIf(!knowsProxies)("the option tls goes together with a proxy", async () => {
  const { url, asked } = await openProxy();
  const server = createTlsServer(serverTls, (request, response) => {
    request.resume();
    response.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  expect(await run({ endpoint: `https://localhost:${port}`, tls: { ca: authority } }, url)).toBe("complete");
  expect(asked).toEqual([`CONNECT localhost:${port}`]);
});
