import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { get, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RecordingPublisher } from "@eventmeter/testkit";
import { expect, test } from "vitest";
import { createFileClient } from "./fetch-file.ts";
import { startFileServer } from "./file-server.ts";

const cause = { taskId: "t-1", eventName: "hash" };

/** A server that answers nothing, or counts what passes through to another one. */
async function listen(onConnection: (socket: Socket) => void): Promise<{ port: number; close: () => void }> {
  const server = createServer(onConnection);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

test("measures the bytes that went over the socket, on kept connections too", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fetch-"));
  await writeFile(join(folder, "a b.txt"), "x".repeat(70_000));
  await using server = await startFileServer(folder, 10);
  let [sent, received, connections] = [0, 0, 0];
  const wire = await listen((socket) => {
    connections += 1;
    const upstream = connect(server.port, "127.0.0.1");
    socket.on("data", (chunk: Buffer) => ((sent += chunk.length), upstream.write(chunk)));
    upstream.on("data", (chunk: Buffer) => ((received += chunk.length), socket.write(chunk)));
    socket.on("close", () => upstream.destroy());
  });
  const metrics = new RecordingPublisher();
  {
    using client = createFileClient(wire.port, 5_000, metrics);
    for (let round = 0; round < 3; round += 1) expect(await client.fetch("a b.txt", cause)).toHaveLength(70_000);
    expect(client.bytes).toEqual({ sent, received });
    expect(connections).toBe(1);
    const { networks } = metrics;
    expect(networks.map(({ bytes_sent }) => bytes_sent)).toEqual([sent / 3, sent / 3, sent / 3]);
    expect(networks.reduce((sum, { bytes_received }) => sum + bytes_received, 0)).toBe(received);
    expect(networks[0]).toMatchObject({ operation: "GET", status: "completed", task_id: "t-1", event_name: "hash" });
  }
  wire.close();
  await rm(folder, { recursive: true });
});

test("gives up a silent server at the deadline, and says so in the record", async () => {
  const silent = await listen(() => undefined);
  const metrics = new RecordingPublisher();
  using client = createFileClient(silent.port, 50, metrics);
  await expect(client.fetch("a", cause)).rejects.toMatchObject({ message: "no whole file within 50 ms" });
  expect(metrics.networks).toEqual([expect.objectContaining({ status: "failed", error_type: "TimeoutError" })]);
  silent.close();
});

test("meets the connection limit of the server as a broken connection", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fetch-"));
  await writeFile(join(folder, "a"), "x".repeat(1_000_000));
  await using server = await startFileServer(folder, 1);
  const metrics = new RecordingPublisher();
  using client = createFileClient(server.port, 5_000, metrics);
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => client.fetch("a", cause)));
  expect(results.some(({ status }) => status === "fulfilled")).toBe(true);
  expect(metrics.networks.some(({ error_type }) => error_type === "ECONNRESET")).toBe(true);
  await rm(folder, { recursive: true });
});

test("is refused a file that the server may not read", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fetch-"));
  await chmod(folder, 0o755);
  await writeFile(join(folder, "secret"), "x", { mode: 0 });
  await using server = await startFileServer(folder, 10);
  const metrics = new RecordingPublisher();
  using client = createFileClient(server.port, 5_000, metrics);
  // The superuser may read everything: for this one request the process is somebody else.
  const superuser = process.geteuid?.() === 0;
  if (superuser) process.seteuid?.(65_534);
  try {
    await expect(client.fetch("secret", cause)).rejects.toMatchObject({ code: "HTTP_403" });
  } finally {
    if (superuser) process.seteuid?.(0);
  }
  expect(metrics.networks[0]).toMatchObject({ error_type: "HTTP_403", error: "the server answered 403" });
  await rm(folder, { recursive: true });
});

test("serves nothing from outside its folder", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fetch-"));
  await mkdir(join(folder, "served"));
  await writeFile(join(folder, "outside"), "x");
  await using server = await startFileServer(join(folder, "served"), 10);
  for (const path of ["/../outside", "/%2e%2e/outside", "/..%2foutside", "//../outside"]) {
    const [response] = (await once(get({ host: "127.0.0.1", port: server.port, path }), "response")) as [
      IncomingMessage,
    ];
    response.resume();
    expect([path, response.statusCode]).toEqual([path, 404]);
  }
  await rm(folder, { recursive: true });
});

test("is refused a file that there is not", async () => {
  await using server = await startFileServer(tmpdir(), 10);
  const metrics = new RecordingPublisher();
  using client = createFileClient(server.port, 5_000, metrics);
  await expect(client.fetch("no/such/file", cause)).rejects.toMatchObject({ code: "HTTP_404" });
  expect(metrics.networks[0]).toMatchObject({ error_type: "HTTP_404", error: "the server answered 404" });
});
