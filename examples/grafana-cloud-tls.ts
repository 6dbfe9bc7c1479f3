// A Collector that asks for a client certificate, with a token that is read anew whenever it was rejected.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { GrafanaCloudPublisher } from "@eventmeter/publisher-grafana-cloud";

const directory = process.env["CREDENTIALS_DIRECTORY"] ?? "/etc/credentials";
const file = (name: string): string => readFileSync(`${directory}/${name}`, "utf8");
export const metrics: GrafanaCloudPublisher = new GrafanaCloudPublisher({
  endpoint: process.env["OTLP_ENDPOINT"] ?? "https://collector.example:4318",
  tls: { ca: file("ca.pem"), cert: file("client.pem"), key: file("client-key.pem") },
  headers: { authorization: async () => `Bearer ${(await readFile(`${directory}/token`, "utf8")).trim()}` },
});
