import { describe, expect, test } from "vitest";
import { isProblem } from "../src/connection/problem.ts";
import { sendRequest } from "../src/connection/request.ts";

const { signal } = new AbortController();

interface FakeClient {
  readonly transport: { request(): Promise<unknown> };
  readonly connectionPool: { markAlive(connection: unknown): void };
  close(): Promise<void>;
}

/** A client whose transport gives one reply, and the connections that its pool was told are alive. */
function openClient(statusCode: number, body = "{}"): { readonly client: FakeClient; readonly alive: unknown[] } {
  const alive: unknown[] = [];
  const connection = { id: "http://es.example:9200/" };
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < body.length; at += 10_000) yield Buffer.from(body.slice(at, at + 10_000));
  }
  return {
    alive,
    client: {
      transport: { request: async () => ({ statusCode, headers: {}, body: chunks(), meta: { connection } }) },
      connectionPool: { markAlive: (one) => alive.push(one) },
      close: async () => undefined,
    },
  };
}

describe("the pool of a client", () => {
  test.each([200, 404, 429])("is told that a host works that answers %d", async (status) => {
    const { client, alive } = openClient(status);
    await sendRequest(client, { method: "GET", path: "/", signal });
    expect(alive).toEqual([{ id: "http://es.example:9200/" }]);
  });

  test.each([500, 503])("is told nothing of a host that answers %d", async (status) => {
    const { client, alive } = openClient(status);
    await sendRequest(client, { method: "GET", path: "/", signal });
    expect(alive).toEqual([]);
  });
});

describe("a reply", () => {
  const padded = (bytes: number): string => `{}${" ".repeat(bytes - 2)}`;

  test("is read up to 65,536 bytes unless the request allows more", async () => {
    const read = async (bytes: number, maxReplyBytes?: number): Promise<unknown> => {
      const { client } = openClient(200, padded(bytes));
      const reply = await sendRequest(client, { method: "GET", path: "/", signal, maxReplyBytes });
      return isProblem(reply) ? reply : reply.body;
    };
    expect(await read(65_536)).toEqual({});
    expect(await read(65_537)).toBeUndefined();
    expect(await read(65_537, 65_537)).toEqual({});
    expect(await read(65_538, 65_537)).toBeUndefined();
  });
});
