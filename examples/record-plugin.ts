// The smallest publisher: dictionaries, a line each, to a file.
import { createWriteStream } from "node:fs";
import { type CommonOptions, createPublisher, type MetricsPublisher } from "@eventmeter/core";

export function ndjsonPublisher(path: string, options?: CommonOptions): MetricsPublisher {
  const file = createWriteStream(path, { flags: "a" });
  file.on("error", () => undefined); // reported by each record that cannot be written
  const write = (data: object): Promise<void> =>
    new Promise((resolve, reject) => {
      file.write(`${JSON.stringify(data)}\n`, (error) => (error ? reject(error) : resolve()));
    });
  const close = (): Promise<void> => new Promise((resolve) => file.end(() => resolve()));
  return createPublisher({ name: "ndjson", event: write, network: write, close }, options);
}
