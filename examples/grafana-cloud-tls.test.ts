import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { authority, client, server as serverTls } from "../packages/publisher-grafana-cloud/test/certificates.ts";

test("reaches a Collector that asks for a certificate, and reads the token again after a 401", async () => {
  const directory = mkdtempSync(join(tmpdir(), "eventmeter-credentials-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const files = { "ca.pem": authority, "client.pem": client.cert, "client-key.pem": client.key, token: "one\n" };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  let token = "one";
  const server = createServer({ ...serverTls, ca: authority, requestCert: true }, (request, response) => {
    response.writeHead(request.headers.authorization === `Bearer ${token}` ? 200 : 401).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  vi.stubEnv("CREDENTIALS_DIRECTORY", directory);
  vi.stubEnv("OTLP_ENDPOINT", `https://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const { metrics } = await import("./grafana-cloud-tls.ts");
  expect(await metrics.check()).toMatchObject({ ok: true });
  token = "two";
  writeFileSync(join(directory, "token"), "two\n");
  expect(await metrics.check()).toMatchObject({ ok: true });
  await metrics.close();
});
