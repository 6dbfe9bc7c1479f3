import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type FaultRequest, readRequests } from "./fault-server-requests.ts";
import { type FaultReply, play, repliesEarly } from "./fault-server-replies.ts";

/**
 * What the server does with requests: always the same, one reply after the other and then plain 200s, or what a function
 * says. A function is asked once the whole request is read. @param index how many requests came before, over all connections
 */
export type FaultScript =
  | FaultReply
  | readonly FaultReply[]
  | ((request: FaultRequest, index: number) => FaultReply | Promise<FaultReply>);

/** A server on 127.0.0.1 that fails on demand, over real sockets. */
export interface FaultServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>/`; the port stays the same through `refuse()` and `accept()`. */
  readonly url: string;
  readonly port: number;
  /** Every request that was read to its end, or that is answered without; oldest first. */
  readonly requests: readonly FaultRequest[];
  /** Connections taken so far, also those without a request. */
  readonly connections: number;
  /** Connections open now. */
  readonly open: number;
  /** Of these, the ones whose last request has not been answered to its end: what a client that gave up has to close. */
  readonly unanswered: number;
  /** Bytes of replies handed to the sockets so far, those on the way to the client included. */
  readonly bytesSent: number;
  /** Replaces the script; a list begins anew. */
  script(script: FaultScript): void;
  /** Resolves when so many requests have come in all; rejects after `timeoutMs` of real time, 5 s by default. */
  received(count: number, timeoutMs?: number): Promise<void>;
  /** Closes the port, and every connection with a reset: new ones are refused. */
  refuse(): Promise<void>;
  /** Opens the port again. */
  accept(): Promise<void>;
  /** Ends every connection and timer. */
  close(): Promise<void>;
}

/** Opens a fault server; without a script it answers every request with an empty 200. */
export async function createFaultServer(script: FaultScript = {}): Promise<FaultServer> {
  const sockets = new Set<Socket>();
  const unanswered = new Set<Socket>();
  const requests: FaultRequest[] = [];
  const waiters = new Set<() => void>();
  let current = script;
  let given = 0;
  let connections = 0;
  let bytesOfClosed = 0;

  const listener = createServer({ noDelay: true }, (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => {
      sockets.delete(socket);
      unanswered.delete(socket);
      bytesOfClosed += socket.bytesWritten;
    });
    // Whatever the client does to its connection is part of the play.
    socket.on("error", () => undefined);
    void serve(socket);
  });

  async function serve(socket: Socket): Promise<void> {
    for await (const incoming of readRequests(socket)) {
      const asked = typeof current === "function" ? current : undefined;
      const planned = asked === undefined ? next() : undefined;
      const early = planned !== undefined && repliesEarly(planned);
      if (!early && !(await incoming.readBody())) break;
      unanswered.add(socket);
      const index = requests.push(incoming.request) - 1;
      for (const wake of waiters) wake();
      const reply = planned ?? (await asked?.(incoming.request, index)) ?? {};
      if (!(await play(socket, reply))) return;
      unanswered.delete(socket);
    }
    // The client has ended, or what it sends cannot be read.
    socket.end();
  }

  function next(): FaultReply {
    if (!isList(current)) return current as FaultReply;
    const reply = current[given] ?? {};
    given += 1;
    return reply;
  }

  async function listen(at: number): Promise<void> {
    listener.listen(at, "127.0.0.1");
    await once(listener, "listening");
  }

  async function refuse(): Promise<void> {
    for (const socket of sockets) socket.resetAndDestroy();
    if (!listener.listening) return;
    const closed = once(listener, "close");
    listener.close();
    await closed;
  }

  await listen(0);
  const { port } = listener.address() as AddressInfo;
  const server: FaultServer = {
    url: `http://127.0.0.1:${port}/`,
    port,
    requests,
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    get unanswered() {
      return unanswered.size;
    },
    get bytesSent() {
      return [...sockets].reduce((bytes, socket) => bytes + socket.bytesWritten, bytesOfClosed);
    },
    script(replacement) {
      current = replacement;
      given = 0;
    },
    async received(count, timeoutMs = 5_000) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = (): void => void (requests.length >= count && resolve());
      const late = (): void => reject(new Error(`${requests.length} of ${count} requests came within ${timeoutMs} ms`));
      const timer = setTimeout(late, timeoutMs);
      waiters.add(look);
      look();
      try {
        await promise;
      } finally {
        clearTimeout(timer);
        waiters.delete(look);
      }
    },
    refuse,
    accept: () => (listener.listening ? Promise.resolve() : listen(port)),
    close: refuse,
    [Symbol.asyncDispose]: refuse,
  };
  return server;
}

function isList(script: FaultScript): script is readonly FaultReply[] {
  return Array.isArray(script);
}
