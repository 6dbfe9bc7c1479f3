import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { type CommonOptions, createPublisher, type MetricsPublisher, PublisherError } from "@eventmeter/core";

/** Writes dictionaries to a file, a line each: a whole publisher against the contract. Delivered means written. */
export function ndjsonPublisher(path: string, options?: CommonOptions): MetricsPublisher {
  let file: WriteStream | undefined;
  let broken: Error | undefined;

  const write = (data: object): Promise<void> =>
    new Promise((resolve, reject) => {
      if (broken !== undefined) reject(broken);
      else file?.write(`${JSON.stringify(data)}\n`, (error) => (error ? reject((broken ??= error)) : resolve()));
    });

  return createPublisher(
    {
      name: "ndjson",
      // A record a line, and thousands of lines a second: they wait here for the disk, not in front of it.
      maxUnsettled: 50_000,
      async start() {
        const opening = createWriteStream(path);
        try {
          await once(opening, "open");
        } catch (cause) {
          const message = `cannot open the file: ${(cause as Error).message}`;
          throw new PublisherError(message, {
            code: "start-failed",
            publisher: options?.name ?? "ndjson",
            retryable: true,
            cause,
          });
        }
        // A full disk ends the stream: what comes later is dropped for that reason, and the program goes on.
        opening.on("error", (error) => (broken ??= error));
        file = opening;
      },
      event: write,
      network: write,
      close: () => new Promise<void>((resolve) => (file === undefined ? resolve() : file.end(() => resolve()))),
    },
    options,
  );
}
