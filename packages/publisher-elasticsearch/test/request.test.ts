import { describe, expect, test } from "vitest";
import { isProblem } from "../src/connection/problem.ts";
import { sendRequest } from "../src/connection/request.ts";

const { signal } = new AbortController();

const connection = { url: new URL("http://eve:hunter2@es.example:9200/secret"), status: "alive" };

interface FakeClient {
  readonly transport: { request(): Promise<unknown> };
  readonly connectionPool: object;
  close(): Promise<void>;
}

/** A client whose transport gives one reply, and what its pool was told about its connection. */
function openClient(statusCode: number, body = "{}"): { readonly client: FakeClient; readonly told: string[] } {
  const told: string[] = [];
  const tell = (what: string) => (one: unknown) => told.push(one === connection ? what : "another");
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < body.length; at += 10_000) yield Buffer.from(body.slice(at, at + 10_000));
  }
  return {
    told,
    client: {
      transport: { request: async () => ({ statusCode, headers: {}, body: chunks(), meta: { connection } }) },
      connectionPool: { markAlive: tell("alive"), markDead: tell("dead") },
      close: async () => undefined,
    },
  };
}

test.each([
  [200, "alive"],
  [404, "alive"],
  [429, "alive"],
  [500, "alive"],
  [502, "dead"],
  [503, "dead"],
  [504, "dead"],
])("the pool of a client is told of a host that answers %d that it is %s", async (status, what) => {
  const { client, told } = openClient(status);
  const reply = await sendRequest(client, { method: "GET", path: "/", signal });
  expect(told).toEqual([what]);
  expect(reply).toMatchObject({ status, host: "es.example:9200", isElsewhere: false });
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
