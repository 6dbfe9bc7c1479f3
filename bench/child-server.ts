// Servers in processes of their own.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A server in a process of its own. */
export interface ChildServer {
  readonly url: string;
  readonly stop: () => void;
}

/**
 * Starts the stand-in for Elasticsearch.
 * @param state how it answers bulk requests; it accepts them by default
 */
export async function startBulkServer(...state: readonly ("silent" | "busy" | "slow")[]): Promise<ChildServer> {
  const server = fork(fileURLToPath(new URL("bulk-server.ts", import.meta.url)), state);
  const [port] = (await once(server, "message")) as [number];
  return { url: `http://127.0.0.1:${port}`, stop: () => server.disconnect() };
}
