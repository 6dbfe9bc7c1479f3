import { afterAll, describe, expect, test } from "vitest";
import {
  at,
  connectElasticsearch,
  freshName,
  listAt,
  liveVersions,
  removeFreshNames,
  waitFor,
} from "./live-elasticsearch.ts";
import { openFaultProxy } from "./live-fault-proxy.ts";
import { ownServerReason, startOwnServer } from "./live-own-server.ts";
import { dailyIndices, dataStreams, type LivePublisher, openPublisher } from "./live-harness.ts";
import { publishEvent, publishNetwork } from "./live-harness.ts";

/** Two looks at a lane that is held are never further apart. */
const PROBE_MS = 30_000;

/** Records of more than 1 MiB in all. */
const SMALL = 2_500;

/** The index of the day that the records of these tests belong to. */
const dayOf = (name: string, kind: "event" | "network"): string => `${name}-${kind}-2026.11.22`;

/** Waits until a lane is held: it is once it has taken nothing for some seconds. */
async function held({ codes, clock }: LivePublisher): Promise<void> {
  await waitFor(() => {
    clock.leap(500);
    return codes.includes("held");
  });
}

for (const { major, url, skip, note } of liveVersions) {
  describe.skipIf(skip)(`Elasticsearch ${major}.x${note}`, () => {
    const server = connectElasticsearch(url);
    afterAll(() => removeFreshNames(server));

    test("a record that the mapping rejects is given up once, without its content, and its neighbours are stored", async () => {
      const name = freshName();
      await server.ask("PUT", dayOf(name, "event"), { mappings: { properties: { task_id: { type: "long" } } } });
      const live = openPublisher(dailyIndices, { hosts: [url], at: name });
      for (const taskId of ["1", "hunter2", "2", "hunter2", "3"]) publishEvent(live, taskId);

      expect(await live.publisher.flush()).toMatchObject({ status: "complete", delivered: 3, dropped: 2, pending: 0 });
      expect(live.publisher.health().droppedBy).toEqual({ rejected: 2 });
      expect(await server.count(dailyIndices.event(name))).toBe(3);
      expect(live.dropped).toHaveLength(2);
      for (const record of live.dropped) expect(record).toContain("hunter2");
      expect(live.said.join("\n")).not.toContain("hunter2");
      expect(live.said.join("\n")).toContain("document_parsing_exception");
    });

    test("a record that a strict mapping does not know is given up, and its neighbours are stored", async () => {
      const name = freshName();
      const live = openPublisher(dailyIndices, { hosts: [url], at: name, templates: false });
      const known = live.publisher.formatMetrics({ eventName: "import", taskId: "t", startTime: 1.8e12 });
      const properties = Object.fromEntries(
        [...Object.keys(known), "@timestamp"].map((key) => [key, { type: "keyword" }]),
      );
      await server.ask("PUT", dayOf(name, "event"), { mappings: { dynamic: "strict", properties } });
      publishEvent(live, "known");
      live.publisher.publishEventMetrics({
        eventName: "import",
        taskId: "unknown",
        startTime: Date.UTC(2026, 10, 22, 12),
        pipelineId: "hunter2",
      });
      publishEvent(live, "known too");

      expect(await live.publisher.flush()).toMatchObject({ status: "complete", delivered: 2, dropped: 1 });
      expect(live.publisher.health().droppedBy).toEqual({ rejected: 1 });
      expect(live.said.join("\n")).toContain("strict_dynamic_mapping_exception");
      expect(live.said.join("\n")).not.toContain("hunter2");
      expect([...(await server.tally(dayOf(name, "event"), "task_id")).keys()]).toEqual(["known", "known too"]);
    });

    test("an id of the caller's that the server does not take costs no neighbour", async () => {
      for (const target of [dataStreams, dailyIndices]) {
        const live = openPublisher(target, { hosts: [url] });
        for (let index = 0; index < 50; index += 1) publishEvent(live, `t-${index}`, `r-${index}`);
        publishEvent(live, "long", "ü".repeat(1_000));
        publishEvent(live, "long", "ü".repeat(1_000));
        for (let index = 50; index < 100; index += 1) publishEvent(live, `t-${index}`, `r-${index}`);
        const report = await live.publisher.flush({ timeoutMs: 20_000 });
        expect(report).toMatchObject({ status: "complete", received: 102, delivered: 102 });
        const found = await server.tally(target.event(live.name), target.taskId);
        expect(found.size).toBeGreaterThanOrEqual(100);
        expect(new Set(found.values())).toEqual(new Set([1]));
      }
    });

    test("a record with an id of the caller's is stored once, however often it is published", async () => {
      for (const target of [dataStreams, dailyIndices]) {
        const live = openPublisher(target, { hosts: [url] });
        for (let round = 0; round < 3; round += 1) {
          publishEvent(live, "same", "record-1");
          publishEvent(live, "same", "record-1");
          expect(await live.publisher.flush()).toMatchObject({ status: "complete", dropped: 0 });
        }
        expect(live.publisher.health()).toMatchObject({ delivered: 6 });
        expect(await server.count(target.event(live.name))).toBe(1);
        expect(live.codes).toEqual([]);
      }
    });

    for (const target of [dataStreams, dailyIndices])
      test(`a write block on ${target.title} keeps its records back until it is gone, and nothing else`, async () => {
        const live = openPublisher(target, { hosts: [url] });
        const { publisher, clock, name } = live;
        publishEvent(live, "before");
        publishNetwork(live, "before");
        await publisher.flush();
        const blocked = target.event(name);
        await server.ask("PUT", `${blocked}/_settings`, { "index.blocks.write": true });

        for (let index = 0; index < 10; index += 1) {
          publishEvent(live, `blocked-${index}`);
          publishNetwork(live, `free-${index}`);
        }
        await held(live);
        await waitFor(() => publisher.health().delivered === 12);
        expect(publisher.health()).toMatchObject({ state: "failing", pending: 10, dropped: 0 });
        expect(await server.count(target.network(name))).toBe(11);
        clock.leap(PROBE_MS);
        await waitFor(() => publisher.health().retries > 0);
        expect(publisher.health()).toMatchObject({ pending: 10, dropped: 0 });

        await server.ask("PUT", `${blocked}/_settings`, { "index.blocks.write": null });
        clock.leap(PROBE_MS);
        expect(await publisher.flush()).toMatchObject({ status: "complete", delivered: 22, dropped: 0 });
        expect(live.codes.filter((code) => code === "held")).toEqual(["held"]);
        expect(live.diagnostics).toContain("resumed");
        expect((await server.tally(blocked, target.taskId)).size).toBe(11);
        expect(await server.count(blocked)).toBe(11);
      });

    test("an index that only allows deletes, as on a full disk, is asked again until it takes records, all at once", async () => {
      await using proxy = await openFaultProxy({ target: url });
      const live = openPublisher(dataStreams, { hosts: [proxy.url] });
      const { publisher, clock, name } = live;
      publishEvent(live, "before");
      await publisher.flush();
      const index = dataStreams.event(name);
      let [delivered, retries] = [0, 0];
      await waitFor(async () => {
        clock.leap(500);
        const health = publisher.health();
        // A server that has room on its disk lifts the block itself, every 30 s.
        if (health.pending === 0) {
          ({ delivered, retries } = health);
          await server.ask("PUT", `${index}/_settings`, { "index.blocks.read_only_allow_delete": true });
          for (let count = 0; count < 64; count += 1) publishEvent(live, `full-${count}`);
        }
        return publisher.health().retries >= retries + 8;
      }, 60_000);
      expect(publisher.health()).toMatchObject({ pending: 64, dropped: 0, delivered });

      await server.ask("PUT", `${index}/_settings`, { "index.blocks.read_only_allow_delete": null });
      await waitFor(() => proxy.inFlight === 0);
      const requests = proxy.requests.length;
      clock.leap(PROBE_MS);
      expect(await publisher.flush()).toMatchObject({ status: "complete", delivered: delivered + 64, dropped: 0 });
      expect(await server.count(index)).toBe(delivered + 64);
      expect(proxy.requests.length - requests).toBeLessThanOrEqual(2);
    });

    test("the largest numbers that a record may have, and none at all, are taken", async () => {
      for (const target of [dataStreams, dailyIndices]) {
        const live = openPublisher(target, { hosts: [url] });
        for (const number of [0, Number.MAX_SAFE_INTEGER, 2 ** 63, Number.MAX_VALUE]) {
          const times = { startTime: 4.1e12 - 1.5, endTime: 4.1e12 };
          const attributes = { number, negative: -number, least: Number.MIN_VALUE, zero: -0 };
          const event = { eventName: "e", taskId: number, retryCount: number, processId: number, attributes };
          live.publisher.publishEventMetrics({ ...event, ...times });
          const bytes = { bytesSent: number, bytesReceived: number };
          live.publisher.publishNetworkMetrics({ operation: "o", host: "", port: null, ...bytes, ...times });
        }
        live.publisher.publishEventMetrics({ eventName: "e", taskId: "longest", startTime: 1e11, endTime: 4.1e12 });
        expect(await live.publisher.flush()).toMatchObject({ status: "complete", delivered: 9, dropped: 0 });
        expect(live.said.filter((message) => !message.includes("is installed"))).toEqual([]);
      }
    });

    test("the longest texts that a record may have are taken", async () => {
      for (const target of [dataStreams, dailyIndices])
        for (const letter of ["x", "報", "🚀", "\u0000", "\ud800", '"', "\u2028"]) {
          const live = openPublisher(target, { hosts: [url] });
          const text = letter.repeat(20_000);
          const names = Array.from({ length: 64 }, (_, index) => `${index}${letter.repeat(60)}`);
          const times = { startTime: Date.UTC(2026, 10, 22, 12), endTime: Date.UTC(2026, 10, 22, 13) };
          const common = {
            ...times,
            taskId: text,
            error: text,
            errorType: text,
            traceId: text,
            spanId: text,
            recordId: text,
          };
          const attributes = Object.fromEntries(names.map((name) => [name, text]));
          const event = { ...common, eventName: text, status: text, pipelineId: text, attributes };
          live.publisher.publishEventMetrics(event);
          live.publisher.publishNetworkMetrics({
            ...common,
            operation: text,
            host: text,
            port: 65_535,
            bytesSent: 1,
            bytesReceived: 1,
            attributes,
          });
          expect(await live.publisher.flush(), JSON.stringify(letter)).toMatchObject({ delivered: 2, dropped: 0 });
        }
    });

    test("a closed index keeps its records back until it is open, and nothing else", async () => {
      const live = openPublisher(dailyIndices, { hosts: [url] });
      const { publisher, clock, name } = live;
      publishEvent(live, "before");
      await publisher.flush();
      await server.ask("POST", `${dayOf(name, "event")}/_close`);
      for (let count = 0; count < 10; count += 1) publishEvent(live, `closed-${count}`);
      publishNetwork(live, "free");
      await held(live);
      await waitFor(() => publisher.health().delivered === 2);
      expect(publisher.health()).toMatchObject({ pending: 10, dropped: 0 });

      await server.ask("POST", `${dayOf(name, "event")}/_open?wait_for_active_shards=1`);
      clock.leap(PROBE_MS);
      expect(await publisher.flush()).toMatchObject({ status: "complete", delivered: 12, dropped: 0 });
      expect(await server.count(dailyIndices.event(name))).toBe(11);
    });

    test("a check says what answers, and leaves nothing behind", async () => {
      for (const target of [dataStreams, dailyIndices]) {
        const live = openPublisher(target, { hosts: [url] });
        const report = await live.publisher.check();
        // Without security features nobody can tell who may write.
        expect(report.ok).toBe(true);
        expect(["ok", "write-unknown"]).toContain(report.code);
        expect(report.message).toMatch(new RegExp(`Elasticsearch ${major}\\.\\d+\\.\\d+`));
        const found = await server.ask("GET", `_resolve/index/*${live.name}*`);
        expect([listAt(found, "indices"), listAt(found, "data_streams")]).toEqual([[], []]);
        const templates = await server.answer("GET", `_index_template/eventmeter-*${live.name}`);
        expect(listAt(templates.body, "index_templates")).toEqual([]);
      }
    });

    test("a stream without its template is waited for, and never made as a plain index", async () => {
      const live = openPublisher(dataStreams, { hosts: [url], templates: false });
      const { publisher, clock, name } = live;
      for (let count = 0; count < 10; count += 1) publishEvent(live, `early-${count}`);
      await held(live);
      expect(publisher.health()).toMatchObject({ pending: 10, dropped: 0, state: "failing" });
      const found = await server.ask("GET", `_resolve/index/*${name}*`);
      expect([listAt(found, "indices"), listAt(found, "data_streams")]).toEqual([[], []]);

      const installer = openPublisher(dataStreams, { hosts: [url], at: name });
      await installer.publisher.start();
      clock.leap(PROBE_MS);
      expect(await publisher.flush()).toMatchObject({ status: "complete", delivered: 10, dropped: 0 });
      const after = await server.ask("GET", `_resolve/index/*${name}*`);
      expect(at(after, "data_streams", 0, "name")).toBe(dataStreams.event(name));
      expect(await server.count(dataStreams.event(name))).toBe(10);
    });

    test("a shard that is not there yet is asked again until it is, and stores each record once", async () => {
      const name = freshName();
      await server.ask("PUT", `${dayOf(name, "event")}?wait_for_active_shards=0`, {
        settings: { "index.routing.allocation.require._name": "nobody" },
      });
      // The server says so itself, with 503 for each document, a little before the publisher would end the request.
      const live = openPublisher(dailyIndices, { hosts: [url], at: name, sendTimeoutMs: 3_000 });
      const { publisher, clock } = live;
      for (let count = 0; count < 10; count += 1) publishEvent(live, `unassigned-${count}`);
      await waitFor(() => publisher.health().retries >= 1);
      // This attempt is ended by the publisher.
      clock.leap(PROBE_MS);
      await waitFor(() => publisher.health().retries >= 2);
      expect(publisher.health()).toMatchObject({ pending: 10, dropped: 0, delivered: 0 });
      await server.ask("PUT", `${dayOf(name, "event")}/_settings`, { "index.routing.allocation.require._name": null });
      clock.leap(PROBE_MS);
      expect(await publisher.flush({ timeoutMs: 60_000 })).toMatchObject({ status: "complete", delivered: 10 });
      expect(await server.count(dailyIndices.event(name))).toBe(10);
    });
  });

  const ownNote = ownServerReason === undefined ? "" : ` (${ownServerReason})`;
  describe.skipIf(ownServerReason !== undefined)(`a small Elasticsearch ${major}.x of its own${ownNote}`, () => {
    test("requests that it takes in no size are cut until it does; a block on all of it, and a lack of room for an index, are waited out", async () => {
      await using small = await startOwnServer(major, {
        "http.max_content_length": "1mb",
        "indexing_pressure.memory.limit": "200kb",
      });
      const server = connectElasticsearch(small.url);

      // Above the limit of a request: 413. Below it, and above what the node takes at a time: 429, for ever.
      await using proxy = await openFaultProxy({ target: small.url });
      const live = openPublisher(dataStreams, {
        hosts: [proxy.url],
        maxBatchRecords: 5_000,
        maxBatchBytes: 4 * 2 ** 20,
        lingerMs: 1_000,
      });
      const { publisher, clock, name } = live;
      for (let index = 0; index < SMALL; index += 1) publishEvent(live, `id-${index}`);
      const flushed = publisher.flush({ timeoutMs: 1_000_000 });
      await waitFor(() => {
        // A leap must not end a request that the server still works on.
        if (proxy.inFlight === 0) clock.leap(1_000);
        return publisher.health().pending === 0;
      }, 60_000);
      expect(await flushed).toMatchObject({ status: "complete", delivered: SMALL, dropped: 0 });
      expect(proxy.statuses.get(413)).toBeGreaterThan(0);
      expect(proxy.statuses.get(429)).toBeGreaterThan(0);
      const found = await server.tally(dataStreams.event(name), dataStreams.taskId);
      expect(found.size).toBe(SMALL);
      expect(await server.count(dataStreams.event(name))).toBe(SMALL);

      // The whole cluster rejects writes: 403 for the request.
      await server.ask("PUT", "_cluster/settings", { persistent: { "cluster.blocks.read_only": true } });
      for (let index = 0; index < 10; index += 1) publishEvent(live, `late-${index}`);
      await held(live);
      expect(publisher.health()).toMatchObject({ pending: 10, dropped: 0 });
      await server.ask("PUT", "_cluster/settings", { persistent: { "cluster.blocks.read_only": null } });
      clock.leap(PROBE_MS);
      expect(await publisher.flush()).toMatchObject({ status: "complete", delivered: SMALL + 10, dropped: 0 });
      expect(await server.count(dataStreams.event(name))).toBe(SMALL + 10);

      // No room for another index: 400 for each document, and not for what is in it.
      await server.ask("PUT", "_cluster/settings", { persistent: { "cluster.max_shards_per_node": 1 } });
      const tomorrow = openPublisher(dailyIndices, { hosts: [small.url] });
      for (let index = 0; index < 10; index += 1) publishEvent(tomorrow, `late-${index}`);
      await held(tomorrow);
      expect(tomorrow.publisher.health()).toMatchObject({ pending: 10, dropped: 0 });
      await server.ask("PUT", "_cluster/settings", { persistent: { "cluster.max_shards_per_node": 1_000 } });
      tomorrow.clock.leap(PROBE_MS);
      expect(await tomorrow.publisher.flush()).toMatchObject({ status: "complete", delivered: 10, dropped: 0 });

      // No index is made by a document, unless a template wants it so.
      await server.ask("PUT", "_cluster/settings", { persistent: { "action.auto_create_index": "false" } });
      const without = openPublisher(dailyIndices, { hosts: [small.url], templates: false });
      publishEvent(without, "waits");
      await held(without);
      expect(without.said[0]).toContain("action.auto_create_index");
      for (const target of [dailyIndices, dataStreams]) {
        const made = openPublisher(target, { hosts: [small.url] });
        publishEvent(made, "made");
        expect(await made.publisher.flush()).toMatchObject({ status: "complete", delivered: 1 });
        expect(await server.count(target.event(made.name))).toBe(1);
      }
    });
  });
}
