// HTTP server on 127.0.0.1 that fails on demand.
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type FaultRequest, readRequests } from "./fault-requests.ts";
import { type FaultReply, repliesEarly, sendReply } from "./fault-replies.ts";

/**
 * How the server answers requests: always the same, one reply after the other and then plain 200s, or what a function
 * returns. A function is called once the whole request is read. @param index how many requests came before, over all connections
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
  /** Every request that was read to its end, or that is answered before that; oldest first. */
  readonly requests: readonly FaultRequest[];
  /** Connections accepted so far, also those without a request. */
  readonly connections: number;
  /** Connections that are open. */
  readonly open: number;
  /** Open connections whose last request has not been answered to its end: a client that gave up has to close them. */
  readonly unanswered: number;
  /** Bytes of replies written to the sockets so far, those on the way to the client included. */
  readonly bytesSent: number;
  /** Replaces the script; a list begins at its first reply. */
  script(script: FaultScript): void;
  /** Resolves when so many requests have come in all; rejects after `timeoutMs` of real time, 5 s by default. */
  received(count: number, timeoutMs?: number): Promise<void>;
  /** Closes the port and resets every connection: further ones fail with ECONNREFUSED. */
  refuse(): Promise<void>;
  /** Opens the port again. */
  accept(): Promise<void>;
  /** Ends every connection and timer. */
  close(): Promise<void>;
}

/** Creates a fault server and opens its port; without a script it answers every request with an empty 200. */
export async function createFaultServer(script: FaultScript = {}): Promise<FaultServer> {
  const server = new ScriptedServer(script);
  await server.accept();
  return server;
}

class ScriptedServer implements FaultServer {
  readonly requests: FaultRequest[] = [];
  connections = 0;
  readonly #listener: Server = createServer({ noDelay: true }, (socket) => this.#onConnection(socket));
  readonly #sockets = new Set<Socket>();
  readonly #unanswered = new Set<Socket>();
  readonly #waiters = new Set<() => void>();
  #script: FaultScript;
  /** How many replies of a list were given. */
  #given = 0;
  /** 0 until the port was opened for the first time. */
  #port = 0;
  #bytesOfClosed = 0;

  constructor(script: FaultScript) {
    this.#script = script;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  get open(): number {
    return this.#sockets.size;
  }

  get unanswered(): number {
    return this.#unanswered.size;
  }

  get bytesSent(): number {
    return [...this.#sockets].reduce((bytes, socket) => bytes + socket.bytesWritten, this.#bytesOfClosed);
  }

  script(script: FaultScript): void {
    this.#script = script;
    this.#given = 0;
  }

  async received(count: number, timeoutMs = 5_000): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = (): void => void (this.requests.length >= count && resolve());
    const late = (): void =>
      reject(new Error(`${this.requests.length} of ${count} requests came within ${timeoutMs} ms`));
    const timer = setTimeout(late, timeoutMs);
    this.#waiters.add(look);
    look();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(look);
    }
  }

  async accept(): Promise<void> {
    if (this.#listener.listening) return;
    this.#listener.listen(this.#port, "127.0.0.1");
    await once(this.#listener, "listening");
    this.#port = (this.#listener.address() as AddressInfo).port;
  }

  async refuse(): Promise<void> {
    for (const socket of this.#sockets) socket.resetAndDestroy();
    if (!this.#listener.listening) return;
    const closed = once(this.#listener, "close");
    this.#listener.close();
    await closed;
  }

  close(): Promise<void> {
    return this.refuse();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.refuse();
  }

  #onConnection(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#unanswered.delete(socket);
      this.#bytesOfClosed += socket.bytesWritten;
    });
    // A client may do anything to its connection: that is what the server is for.
    socket.on("error", () => undefined);
    void this.#serve(socket);
  }

  async #serve(socket: Socket): Promise<void> {
    for await (const incoming of readRequests(socket)) {
      const answer = typeof this.#script === "function" ? this.#script : undefined;
      const planned = answer === undefined ? this.#nextReply() : undefined;
      const isEarly = planned !== undefined && repliesEarly(planned);
      if (!isEarly && !(await incoming.readBody())) break;
      this.#unanswered.add(socket);
      const index = this.requests.push(incoming.request) - 1;
      for (const wake of this.#waiters) wake();
      const reply = planned ?? (await answer?.(incoming.request, index)) ?? {};
      if (!(await sendReply(socket, reply))) return;
      this.#unanswered.delete(socket);
    }
    // The client has ended, or what it sends cannot be read.
    socket.end();
  }

  #nextReply(): FaultReply {
    if (!isList(this.#script)) return this.#script as FaultReply;
    const reply = this.#script[this.#given] ?? {};
    this.#given += 1;
    return reply;
  }
}

function isList(script: FaultScript): script is readonly FaultReply[] {
  return Array.isArray(script);
}
