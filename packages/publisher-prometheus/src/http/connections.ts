// Connections of a server: bounded, and the one that has been idle longest makes room for a new one.
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** The open connections of one server, by remote end: under TLS a request and its connection have different sockets. */
export class Connections {
  readonly #maxConnections: number;
  readonly #sockets = new Map<string, Socket>();
  /** Connections without a request, idle longest first. */
  readonly #idle = new Map<string, Socket>();
  /** Number of requests under way, for connections that have any. */
  readonly #requests = new Map<string, number>();

  constructor(maxConnections: number) {
    this.#maxConnections = maxConnections;
  }

  /** Adds a new connection; ends it at once if there are too many and none of them is idle. */
  add(socket: Socket): void {
    if (this.#sockets.size >= this.#maxConnections && !this.#endLongestIdle()) {
      socket.destroy();
      return;
    }
    const key = keyOf(socket);
    this.#sockets.set(key, socket);
    this.#idle.set(key, socket);
    socket.once("close", () => this.#forget(key, socket));
  }

  /** Counts a connection as busy until the response is over. */
  beginRequest(socket: Socket, response: ServerResponse): void {
    const key = keyOf(socket);
    this.#idle.delete(key);
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
    response.once("close", () => this.#endRequest(key));
  }

  /** Ends every connection. */
  close(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
  }

  #endRequest(key: string): void {
    const left = (this.#requests.get(key) ?? 1) - 1;
    if (left > 0) return void this.#requests.set(key, left);
    this.#requests.delete(key);
    const socket = this.#sockets.get(key);
    if (socket !== undefined) this.#idle.set(key, socket);
  }

  #endLongestIdle(): boolean {
    for (const [key, socket] of this.#idle) {
      this.#forget(key, socket);
      socket.destroy();
      return true;
    }
    return false;
  }

  #forget(key: string, socket: Socket): void {
    if (this.#sockets.get(key) !== socket) return;
    this.#sockets.delete(key);
    this.#idle.delete(key);
    this.#requests.delete(key);
  }
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
