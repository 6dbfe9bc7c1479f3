import { fork } from "node:child_process";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { parseExposition } from "./exposition-parser.ts";

const decoders = { br: brotliDecompressSync, deflate: inflateSync, gzip: gunzipSync } as const;

// A program of its own: vitest resolves a package of Express for `import` where Express requires it.
test("a large page goes through compression() of Express whole, without a warning", async () => {
  const program = fileURLToPath(new URL("./programs/express-compression.ts", import.meta.url));
  const child = fork(program, { execArgv: ["--conditions=@eventmeter/source"] });
  onTestFinished(() => void child.kill());
  const [port] = (await once(child, "message")) as [number];
  const ask = async (path: string, encoding: string): Promise<IncomingMessage> => {
    const headers = { "Accept-Encoding": encoding };
    const [response] = await once(get({ port, host: "127.0.0.1", path, headers, agent: false }), "response");
    return response;
  };
  for (const encoding of ["br", "deflate", "gzip"] as const) {
    const response = await ask("/metrics", encoding);
    expect(response.headers["content-encoding"]).toBe(encoding);
    const page = decoders[encoding](await buffer(response)).toString();
    const families = parseExposition(page, "text");
    expect(families.find(({ name }) => name === "event_duration_seconds")?.samples).toHaveLength(2_000 * 17);
  }
  const warnings = await ask("/warnings", "identity");
  expect(JSON.parse((await buffer(warnings)).toString())).toEqual([]);
});
