import { Agent, get, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { MetricsPublisher } from "@eventmeter/core";

/** What fetches files of one server, and publishes a record for each attempt. */
export interface FileClient extends Disposable {
  /** Fetches a file. Rejects with what went wrong, in the deadline at the latest. */
  fetch(path: string, cause: { readonly taskId: string; readonly eventName: string }): Promise<Buffer>;
  /** Bytes over all sockets so far. */
  readonly bytes: { sent: number; received: number };
}

/** An answer that is no file: asking again does not help. */
export class RefusedError extends Error {
  readonly code: string;

  constructor(status: number) {
    super(`the server answered ${status}`);
    this.code = `HTTP_${status}`;
  }
}

/** Makes a client. @param deadlineMs for one attempt, from the request to the last byte */
export function createFileClient(port: number, deadlineMs: number, metrics: MetricsPublisher): FileClient {
  const agent = new Agent({ keepAlive: true });
  const bytes = { sent: 0, received: 0 };

  async function exchange(path: string, traffic: { sent: number; received: number }): Promise<Buffer> {
    const signal = AbortSignal.timeout(deadlineMs);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    let socket: Socket | undefined;
    let before = { sent: 0, received: 0 };
    const encoded = path.split("/").map(encodeURIComponent).join("/");
    const request = get({ host: "127.0.0.1", port, path: `/${encoded}`, agent, signal }, resolve);
    request.on("error", reject);
    // A kept connection has served others before: what counts is what it carries from here on.
    request.once("socket", (given) => {
      socket = given;
      before = { sent: given.bytesWritten, received: given.bytesRead };
    });
    try {
      const response = await promise;
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      if (response.statusCode !== 200) throw new RefusedError(response.statusCode ?? 0);
      return Buffer.concat(chunks);
    } catch (error) {
      throw signal.aborted ? new DOMException(`no whole file within ${deadlineMs} ms`, "TimeoutError") : error;
    } finally {
      traffic.sent = (socket?.bytesWritten ?? 0) - before.sent;
      traffic.received = (socket?.bytesRead ?? 0) - before.received;
    }
  }

  return {
    bytes,
    async fetch(path, { taskId, eventName }) {
      const startTime = performance.timeOrigin + performance.now();
      const traffic = { sent: 0, received: 0 };
      let error: unknown;
      try {
        return await exchange(path, traffic);
      } catch (caught) {
        error = caught;
        throw caught;
      } finally {
        bytes.sent += traffic.sent;
        bytes.received += traffic.received;
        metrics.publishNetworkMetrics({
          operation: "GET",
          host: "127.0.0.1",
          port,
          startTime,
          endTime: performance.timeOrigin + performance.now(),
          bytesSent: traffic.sent,
          bytesReceived: traffic.received,
          error,
          taskId,
          eventName,
        });
      }
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}
