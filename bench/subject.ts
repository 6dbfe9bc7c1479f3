// The publisher that is measured, and a scrape of it.
import type { IncomingMessage, ServerResponse } from "node:http";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";

/** Creates the publisher that is measured: without a server, with room for `maxLabelSets`. */
export function createSubject(maxLabelSets: number): PrometheusPublisher {
  return new PrometheusPublisher({ server: false, maxLabelSets });
}

/** Serves one scrape through the public handler, up to the socket, and returns the number of bytes. */
export function scrape(publisher: PrometheusPublisher): Promise<number> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    const closing: (() => void)[] = [];
    const response = {
      closed: false,
      headersSent: false,
      once: (event: string, listener: () => void) => event === "close" && closing.push(listener),
      off: () => {},
      writeHead: (status: number) => status === 200 || reject(new Error(`status ${status}`)),
      write: (chunk: Uint8Array) => (bytes += chunk.length),
      destroy: () => reject(new Error("destroyed")),
      end() {
        for (const listener of closing) listener();
        resolve(bytes);
      },
    };
    const request = { method: "GET", headers: { accept: "text/plain;version=0.0.4" } };
    publisher.handler(request as unknown as IncomingMessage, response as unknown as ServerResponse);
  });
}
