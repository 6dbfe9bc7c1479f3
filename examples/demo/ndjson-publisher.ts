import { createWriteStream, type WriteStream } from "node:fs";
import { once } from "node:events";
import { type CommonOptions, createPublisher, type MetricsPublisher } from "@eventmeter/core";

/** Writes dictionaries to a file, a line each: a whole publisher against the contract. Delivered means written. */
export function ndjsonPublisher(path: string, options?: CommonOptions): MetricsPublisher {
  let file: WriteStream | undefined;

  const write = (data: object): Promise<void> =>
    new Promise((resolve, reject) => {
      file?.write(`${JSON.stringify(data)}\n`, (error) => (error ? reject(error) : resolve()));
    });

  return createPublisher(
    {
      name: "ndjson",
      // A record a line, and thousands of lines a second: they wait here for the disk, not in front of it.
      maxUnsettled: 50_000,
      async start() {
        const opening = createWriteStream(path);
        await once(opening, "open");
        file = opening;
      },
      event: write,
      network: write,
      close: () => new Promise<void>((resolve) => (file === undefined ? resolve() : file.end(resolve))),
    },
    options,
  );
}
