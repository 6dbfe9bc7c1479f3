// A metrics page whose token and certificate are renewed while the program runs.
import { readFile } from "node:fs/promises";
import { PrometheusPublisher, type ScrapeTls } from "@eventmeter/publisher-prometheus";

const directory = process.env["SECRETS"] ?? "/run/secrets";
const read = (name: string): Promise<string> => readFile(`${directory}/${name}`, "utf8");
const readTls = async (): Promise<ScrapeTls> => ({ key: await read("tls.key"), cert: await read("tls.crt") });

const metrics = new PrometheusPublisher({
  port: Number(process.env["METRICS_PORT"] ?? 9464),
  holdProcess: true,
  auth: { bearer: async () => (await read("token")).trim() }, // called again if a scrape brings another token
  tls: await readTls(),
});
await metrics.start();

// `kill -HUP` after a renewal. A certificate that cannot be used is an error, and the one before stays.
process.on("SIGHUP", () => {
  readTls()
    .then((tls) => metrics.setTls(tls))
    .catch((error: unknown) => console.error(error));
});
