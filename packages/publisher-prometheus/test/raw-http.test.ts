import { once } from "node:events";
import { createServer } from "node:net";
import type { Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { faultsOfReply, hostileRequests, runHostileRequest } from "./hostile-requests.ts";
import { exchange, headerOf } from "./raw-http.ts";

/** Starts a TCP server that does the same to every connection; it ends with the test. */
async function listen(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    onTestFinished(() => {
      socket.destroy();
    });
    serve(socket);
  }).listen(0, "127.0.0.1");
  onTestFinished(() => {
    server.close();
  });
  await once(server, "listening");
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : 0;
}

function answering(...parts: readonly string[]): (socket: Socket) => void {
  return (socket) => {
    socket.once("data", () => {
      for (const part of parts) socket.write(Buffer.from(part, "latin1"));
    });
  };
}

function closingWith(reply: string): (socket: Socket) => void {
  return (socket) => {
    socket.once("data", () => socket.end(Buffer.from(reply, "latin1")));
  };
}

describe("exchange", () => {
  test("reads a reply with a length", async () => {
    const port = await listen(
      answering("HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a:  2 \r\nContent-Le", "ngth: 3\r\n\r\na\r", "\n"),
    );
    const { ended, replies, surplusBytes } = await exchange(port, ["x"]);
    expect({ ended, surplusBytes, count: replies.length }).toEqual({ ended: "replied", surplusBytes: 0, count: 1 });
    expect(replies[0]).toMatchObject({ version: "1.1", status: 200, body: Buffer.from("a\r\n") });
    expect(replies[0] && headerOf(replies[0], "x-a")).toBe("1, 2");
  });

  test("reads a chunked reply, after an interim one", async () => {
    const port = await listen(
      answering(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
        "c\r\nA\r\n0123456789\r\n0\r\n\r\n",
      ),
    );
    const { replies, informational } = await exchange(port, ["x"]);
    expect(informational).toEqual([100]);
    expect(replies.map(({ body }) => body.toString())).toEqual(["abc0123456789"]);
  });

  test("reads a reply that ends with the connection", async () => {
    const port = await listen(closingWith("HTTP/1.1 400 Bad Request\r\n\r\nno"));
    const { ended, replies } = await exchange(port, ["x"]);
    expect(ended).toBe("closed");
    expect(replies.map(({ status, body }) => `${status} ${body.toString()}`)).toEqual(["400 no"]);
  });

  test("reads several replies, and those to HEAD without bodies", async () => {
    const port = await listen(answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n".repeat(3)));
    const { ended, replies } = await exchange(port, ["x"], { head: true, replies: 3 });
    expect(ended).toBe("replied");
    expect(replies).toHaveLength(3);
  });

  test.each([
    ["a truncated body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"],
    ["a truncated head", "HTTP/1.1 200 OK\r\nContent-Le"],
    ["no HTTP", "a 1\r\n\r\n"],
    ["a bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
    ["a missing last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na"],
  ])("counts %s as surplus, not as a reply", async (_name, bytes) => {
    const port = await listen(closingWith(bytes));
    const { ended, replies, surplusBytes, text } = await exchange(port, ["x"]);
    expect({ ended, replies, surplusBytes, text }).toEqual({
      ended: "closed",
      replies: [],
      surplusBytes: bytes.length,
      text: bytes,
    });
  });

  test("tells how a connection ended", async () => {
    const silent = await listen(() => undefined);
    expect((await exchange(silent, ["x"], { timeoutMs: 50 })).ended).toBe("timeout");
    expect((await exchange(silent, ["x", { reset: true }])).ended).toBe("left");
    expect((await exchange(silent, [], { read: false, timeoutMs: 50 })).ended).toBe("timeout");
    const resetting = await listen((socket) => socket.once("data", () => socket.resetAndDestroy()));
    expect((await exchange(resetting, ["x"])).ended).toBe("reset");
    expect((await exchange(1, ["x"])).ended).toBe("refused");
  });

  test("writes slices and bytes as they are and half-closes", async () => {
    const port = await listen((socket) => {
      const chunks: Buffer[] = [];
      socket.on("data", (chunk: Buffer) => chunks.push(chunk));
      socket.on("end", () => {
        const body = Buffer.concat(chunks);
        socket.end(
          `HTTP/1.1 200 OK\r\nX-Chunks: ${chunks.length}\r\nContent-Length: ${body.length * 2}\r\n\r\n${body.toString("hex")}`,
        );
      });
    });
    const { replies } = await exchange(port, [
      "\xFFa",
      new Uint8Array([0]),
      { drip: "bcde", sliceBytes: 2, everyMs: 5 },
      { halfClose: true },
    ]);
    expect(replies[0]?.body.toString()).toBe("ff610062636465");
    expect(Number(replies[0] && headerOf(replies[0], "x-chunks"))).toBeGreaterThan(1);
  });
});

describe("the hostile requests", () => {
  test("have a name each", () => {
    expect(new Set(hostileRequests.map(({ name }) => name)).size).toBe(hostileRequests.length);
    expect(hostileRequests.length).toBeGreaterThan(200);
  });

  test.each([
    ["a banner", "200 OK\r\nServer: x", "", "200 has the header server"],
    [
      "a CORS permission",
      "200 OK\r\nAccess-Control-Allow-Origin: *",
      "",
      "200 has the CORS header access-control-allow-origin",
    ],
    ["a stack", "400 Bad Request", "x\n    at serve (<anonymous>)", '400 shows "    at serve ("'],
    ["an error class", "400 Bad Request", "TypeError", '400 shows "TypeError"'],
    ["an error code", "400 Bad Request", "HPE_INVALID_METHOD", '400 shows "HPE_INVALID_METHOD"'],
    ["a version", "404 Not Found\r\nX-B: Node.js/v24", "", '404 shows "Node.js/v24"'],
    ["what was sent", "404 Not Found", "no canary here", "404 repeats what was sent"],
    ["a fault", "500 Internal Server Error", "", "500 is a fault of the server"],
    ["no Allow", "405 Method Not Allowed\r\nAllow: GET", "", "405 without Allow"],
    ["no challenge", "401 Unauthorized", "", "401 without WWW-Authenticate"],
  ])("find %s in a reply", async (_name, head, body, fault) => {
    const port = await listen(closingWith(`HTTP/1.1 ${head}\r\n\r\n${body}`));
    const { replies } = await exchange(port, ["x"]);
    expect(replies.flatMap((reply) => faultsOfReply(reply))).toEqual([fault]);
  });

  test("find a wrong outcome, a broken reply, a failed check and a server that is gone", async () => {
    const expected = { name: "x", steps: () => ["x"], expect: new Set([200]) };
    const port = await listen(closingWith("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\nHTTP/1.1 2"));
    expect(await runHostileRequest(port, { ...expected, replies: 2, check: () => "checked" })).toEqual([
      "404 instead of 200",
      "10 bytes are no reply",
      "checked",
    ]);
    expect(await runHostileRequest(1, expected)).toEqual(["refused instead of 200"]);
    const closing = await listen((socket) => socket.end());
    expect(await runHostileRequest(closing, { ...expected, expect: new Set(["closed" as const]) })).toEqual([]);
  });
});
