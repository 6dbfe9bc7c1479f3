// The smallest publisher: dictionaries, a line each, to a file.
import { open } from "node:fs/promises";
import { type CommonOptions, createPublisher, type MetricsPublisher } from "@eventmeter/core";

export function ndjsonPublisher(path: string, options?: CommonOptions): MetricsPublisher {
  const file = open(path, "a");
  file.catch(() => undefined); // reported by the first record that cannot be written
  const write = async (data: object): Promise<void> => {
    await (await file).write(`${JSON.stringify(data)}\n`);
  };
  return createPublisher(
    { name: "ndjson", event: write, network: write, close: async () => (await file).close() },
    options,
  );
}
