import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";
import { pipeline } from "node:stream/promises";

/** A server of files on loopback that has a limit, as real ones do. */
export interface FileServer extends AsyncDisposable {
  readonly port: number;
}

/** Serves the files below a folder. @param maxConnections connections beyond it are closed as they come */
export async function startFileServer(root: string, maxConnections: number): Promise<FileServer> {
  const server = createServer((request, response) => void answer(root, request, response));
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const path = normalize(decodeURIComponent(request.url ?? "/"));
    const file = join(root, path);
    const { size } = await stat(file);
    const content = createReadStream(file);
    await new Promise((resolve, reject) => content.once("open", resolve).once("error", reject));
    response.writeHead(200, { "content-length": size, "content-type": "application/octet-stream" });
    await pipeline(content, response);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (response.headersSent) response.destroy();
    else response.writeHead(code === "EACCES" || code === "EPERM" ? 403 : 404).end();
  }
}
