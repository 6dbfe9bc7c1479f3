import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { connectElasticsearch, type LiveElasticsearch, liveVersions, waitFor } from "./live-elasticsearch.ts";
import { openFaultProxy, seededFaults } from "./live-fault-proxy.ts";
import { ownServerReason, startOwnServer } from "./live-own-server.ts";
import { dailyIndices, dataStreams, type LivePublisher, type LiveTarget, openPublisher } from "./live-harness.ts";
import { publishEvent, publishNetwork } from "./live-harness.ts";

const RECORDS = 100_000;
const note = ownServerReason === undefined ? "" : ` (${ownServerReason})`;

/** Publishes records `from` to `until`, every fourth a network operation, in portions that let the program breathe. */
async function publishRange(live: LivePublisher, from: number, until: number): Promise<void> {
  for (let index = from; index < until; index += 1) {
    if (index % 4 === 3) publishNetwork(live, `id-${index}`);
    else publishEvent(live, `id-${index}`);
    if (index % 1_000 === 999) await setImmediate();
  }
}

/** Waits until so many are delivered, and shortens the waits between attempts meanwhile. */
async function deliveredOf({ publisher, clock }: LivePublisher, count: number): Promise<void> {
  await waitFor(() => {
    clock.leap(200);
    return publisher.health().delivered >= count;
  }, 120_000);
}

/** How often each record is stored, over both kinds. */
async function stored(
  server: LiveElasticsearch,
  target: LiveTarget,
  name: string,
): Promise<ReadonlyMap<string, number>> {
  const kinds = [target.event(name), target.network(name)];
  const [events, operations] = await Promise.all(kinds.map((index) => server.tally(index, target.taskId)));
  const all = new Map([...(events ?? []), ...(operations ?? [])]);
  const counts = await Promise.all(kinds.map((index) => server.count(index)));
  expect([...all.values()].reduce((sum, times) => sum + times, 0)).toBe(counts.reduce((sum, count) => sum + count, 0));
  return all;
}

for (const [{ major }, target] of liveVersions.map(
  (version, index) => [version, index === 0 ? dataStreams : dailyIndices] as const,
)) {
  describe.skipIf(ownServerReason !== undefined)(`${target.title} of Elasticsearch ${major}.x${note}`, () => {
    test("hold every record once after faults, a kill and a restart", { timeout: 300_000 }, async () => {
      await using server = await startOwnServer(major);
      await using proxy = await openFaultProxy({
        target: server.url,
        schedule: seededFaults(20_261_122, 0.15),
        maxBodyBytes: 250_000,
      });
      const live = openPublisher(target, { hosts: [proxy.url], maxQueueBytes: 256 * 2 ** 20 });
      const { publisher, clock, name, dropped } = live;
      const elasticsearch = connectElasticsearch(server.url);

      await publishRange(live, 0, RECORDS / 2);
      await deliveredOf(live, RECORDS / 5);
      expect(publisher.health().pending).toBeGreaterThan(0);
      await server.kill();
      await publishRange(live, RECORDS / 2, RECORDS);
      await waitFor(() => (proxy.did.get("no-answer") ?? 0) >= 2);
      expect(publisher.health().pending).toBeGreaterThanOrEqual(RECORDS / 2);
      await server.restart();
      clock.leap(30_000);

      await deliveredOf(live, RECORDS);
      const report = await publisher.flush();
      expect(report).toMatchObject({
        status: "complete",
        received: RECORDS,
        delivered: RECORDS,
        dropped: 0,
        pending: 0,
      });
      expect([...proxy.did.keys()].toSorted()).toEqual(
        ["pass", "delay", "reset-before", "reset-after", "reset-in-reply", "cut-reply", "busy", "busy-for-a-second"]
          .concat("unavailable", "too-large", "no-answer")
          .toSorted(),
      );
      const once = await stored(elasticsearch, target, name);
      expect(once.size).toBe(RECORDS);
      expect(new Set(once.values())).toEqual(new Set([1]));

      // A close that is too short for what waits: what it gives up may be stored or not, the rest is.
      const more = RECORDS + 10_000;
      await publishRange(live, RECORDS, more);
      const closed = await publisher.close({ timeoutMs: 200 });
      expect(closed).toMatchObject({ received: more, pending: 0 });
      expect(closed.delivered + closed.dropped).toBe(more);
      expect(publisher.health().droppedBy).toEqual({ unconfirmed: closed.dropped });
      expect(closed.dropped).toBeGreaterThan(0);
      expect(dropped).toHaveLength(closed.dropped);

      // The server may still be at what was given up.
      await waitFor(() => proxy.inFlight === 0);
      const afterwards = await stored(elasticsearch, target, name);
      expect(new Set(afterwards.values())).toEqual(new Set([1]));
      const unconfirmed = new Set(dropped.map((record) => /"id-(\d+)"/.exec(record)?.[0]));
      expect(unconfirmed.size).toBe(closed.dropped);
      const missing = Array.from({ length: more }, (_, index) => `id-${index}`).filter((id) => !afterwards.has(id));
      expect(missing.filter((id) => !unconfirmed.has(`"${id}"`))).toEqual([]);
    });
  });
}
