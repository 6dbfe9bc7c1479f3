import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** The connections of a server: bounded, and when there are too many, the one that has been idle longest goes. */
export interface Connections {
  /** Takes a new connection. */
  add(socket: Socket): void;
  /** Notes that a connection has something to answer, until the response is over. */
  serve(socket: Socket, response: ServerResponse): void;
  /** Ends every connection. */
  close(): void;
}

/** Opens the connections of one server. */
export function createConnections(maxConnections: number): Connections {
  // By remote end, since under TLS a request and a connection have sockets of their own.
  const sockets = new Map<string, Socket>();
  /** Without anything to answer, the longest first. */
  const idle = new Map<string, Socket>();
  const serving = new Map<string, number>();

  function rest(key: string): void {
    const left = (serving.get(key) ?? 1) - 1;
    if (left > 0) return void serving.set(key, left);
    serving.delete(key);
    const socket = sockets.get(key);
    if (socket !== undefined) idle.set(key, socket);
  }

  return {
    add(socket) {
      const key = keyOf(socket);
      const [longest] = sockets.size < maxConnections ? [] : idle;
      if (sockets.size >= maxConnections && longest === undefined) {
        socket.destroy();
        return;
      }
      if (longest !== undefined) forget(longest[0], longest[1]).destroy();
      sockets.set(key, socket);
      idle.set(key, socket);
      socket.once("close", () => forget(key, socket));
    },
    serve(socket, response) {
      const key = keyOf(socket);
      idle.delete(key);
      serving.set(key, (serving.get(key) ?? 0) + 1);
      response.once("close", () => rest(key));
    },
    close() {
      for (const socket of sockets.values()) socket.destroy();
    },
  };

  function forget(key: string, socket: Socket): Socket {
    if (sockets.get(key) === socket) {
      sockets.delete(key);
      idle.delete(key);
      serving.delete(key);
    }
    return socket;
  }
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
