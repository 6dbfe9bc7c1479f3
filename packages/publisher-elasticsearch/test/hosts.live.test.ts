import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { setImmediate } from "node:timers/promises";
import { ElasticsearchPublisher } from "@eventmeter/publisher-elasticsearch";
import { describe, expect, onTestFinished, test } from "vitest";
import { connectElasticsearch, freshName, liveVersions } from "./live-elasticsearch.ts";
import { openFaultProxy } from "./live-fault-proxy.ts";

const RECORDS = 20_000;
const ROUNDS = 15;

/** Opens a port that takes connections and never answers, and returns what it was sent first on each of them. */
async function openSilentPort(): Promise<{ readonly url: string; readonly begun: string[] }> {
  const begun: string[] = [];
  const server = createServer((socket) => {
    socket.once("data", (bytes) => begun.push(bytes.toString("latin1").slice(0, 4)));
    socket.on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, begun };
}

/** Opens a publisher on the clock of the system, and what to load it with. */
function openPublisher(hosts: readonly string[], namespace: string) {
  const errors: string[] = [];
  const publisher = new ElasticsearchPublisher({
    hosts,
    namespace,
    maxQueueBytes: 256 * 2 ** 20,
    onError: ({ message }) => errors.push(message),
  });
  onTestFinished(async () => void (await publisher.close({ timeoutMs: 1_000 })));
  let taskId = 0;
  return {
    publisher,
    errors,
    /** Publishes so many records and waits until they are stored; returns how long it took, in milliseconds. */
    send: async (count: number): Promise<number> => {
      const begun = performance.now();
      const startTime = Date.now();
      for (let index = 0; index < count; index += 1) {
        taskId += 1;
        publisher.publishEventMetrics({ eventName: "import", taskId, startTime, endTime: startTime + 1 });
        if (index % 1_000 === 999) await setImmediate();
      }
      while (publisher.health().pending > 0) await publisher.flush();
      return performance.now() - begun;
    },
  };
}

for (const { major, url, skip, note } of liveVersions) {
  describe(`three hosts of Elasticsearch ${major}.x, of which one never answers${note}`, () => {
    /** Two ways to the server, and a host that is none. */
    async function openHosts() {
      const proxies = [await openFaultProxy({ target: url }), await openFaultProxy({ target: url })];
      onTestFinished(async () => void (await Promise.all(proxies.map((proxy) => proxy[Symbol.asyncDispose]()))));
      return { well: proxies.map((proxy) => proxy.url), silent: await openSilentPort() };
    }

    test.skipIf(skip)("lose nothing, and it costs one time-out of what was on its way there", async () => {
      const { well, silent } = await openHosts();
      const name = freshName();
      const { publisher, errors, send } = openPublisher([silent.url, ...well], name);
      // The start gives each host a share of the time, and the sends find it left out.
      await publisher.start();
      expect(errors).toEqual([]);
      await send(RECORDS);
      const { delivered, dropped } = publisher.health();
      expect({ delivered, dropped }).toEqual({ delivered: RECORDS, dropped: 0 });
      expect(await connectElasticsearch(url).count(`metrics-eventmeter.event-${name}`)).toBe(RECORDS);
      expect(errors).toEqual([]);
      expect(silent.begun.filter((verb) => verb !== "HEAD")).toEqual(["GET "]);
    });

    // Needs minutes.
    if (process.env["EVENTMETER_FULL"] === "1")
      test.skipIf(skip)("carry at least 95 % of what two can", { timeout: 300_000 }, async () => {
        const { well, silent } = await openHosts();
        const two = openPublisher(well, freshName());
        const three = openPublisher([silent.url, ...well], freshName());
        for (const { send } of [two, three]) await send(RECORDS);
        // The first minute is over when the host has failed often enough to be probed every 60 s.
        const ratios: number[] = [];
        const begun = performance.now();
        while (performance.now() - begun < 60_000 || ratios.length < ROUNDS) {
          const alone = await two.send(RECORDS);
          ratios.push(alone / (await three.send(RECORDS)));
        }
        const median = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)];
        expect(three.publisher.health().dropped).toBe(0);
        expect(silent.begun).not.toContain("POST");
        expect(median).toBeGreaterThanOrEqual(0.95);
      });
  });
}
