import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** A server that answers every request with a body that never ends, for as long as somebody reads. */
export interface EndlessServer extends AsyncDisposable {
  readonly url: string;
  /** Connections that are being read from; clients open one in advance where one was cut. */
  readonly open: number;
  /** Bytes taken from it so far, those on the way included. */
  readonly poured: number;
}

/** Opens it. @param head of every answer, without the empty line at its end @param greeting the whole answer of `GET /` instead */
export async function openEndlessServer(head: string, greeting = ""): Promise<EndlessServer> {
  const sockets = new Set<Socket>();
  const pouring = new Set<Socket>();
  const block = Buffer.alloc(65_536, "x");
  let poured = 0;

  function pour(socket: Socket): void {
    for (let more = true; more && socket.writable;) {
      more = socket.write(block);
      poured += block.length;
    }
  }

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => void (sockets.delete(socket), pouring.delete(socket))).on("error", () => undefined);
    socket.on("drain", () => void (pouring.has(socket) && pour(socket)));
    socket.on("data", (request) => {
      if (pouring.has(socket)) return;
      if (greeting !== "" && request.toString("latin1", 0, 6) === "GET / ") {
        socket.write(greeting);
        return;
      }
      pouring.add(socket);
      socket.write(`${head}\r\n\r\n`);
      pour(socket);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get open() {
      return pouring.size;
    },
    get poured() {
      return poured;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
