import type { Attributes } from "@eventmeter/core";
import { afterAll, describe, expect, test } from "vitest";
import { TEMPLATE_VERSION } from "../src/templates/index-template.ts";
import { at, connectElasticsearch, freshName, liveVersions, removeFreshNames, waitFor } from "./live-elasticsearch.ts";
import { openFaultProxy } from "./live-fault-proxy.ts";
import { dailyIndices, dataStreams, openPublisher, publishEvent, publishNetwork } from "./live-harness.ts";

const targets = [
  { target: dataStreams, templateName: (name: string) => `eventmeter-${name}` },
  { target: dailyIndices, templateName: (name: string) => `eventmeter-daily-${name}` },
] as const;

for (const { major, url, skip, note } of liveVersions)
  describe.skipIf(skip)(`templates on Elasticsearch ${major}.x${note}`, () => {
    const server = connectElasticsearch(url);
    afterAll(() => removeFreshNames(server));
    const template = async (name: string): Promise<unknown> =>
      at(await server.ask("GET", `_index_template/${name}`), "index_templates", 0, "index_template");
    /** What an index or stream of that name would be like. */
    const simulated = (name: string): Promise<unknown> => server.ask("POST", `_index_template/_simulate_index/${name}`);

    for (const { target, templateName } of targets) {
      test(`the template of ${target.title} is installed by the first start and left alone by the next`, async () => {
        await using proxy = await openFaultProxy({ target: url });
        const first = openPublisher(target, { hosts: [proxy.url] });
        await first.publisher.start();
        const name = templateName(first.name);
        expect(first.diagnostics).toEqual(["template-installed"]);
        const installed = await template(name);
        expect(installed).toMatchObject({ _meta: { managed_by: "eventmeter" }, version: TEMPLATE_VERSION });

        const requests = proxy.requests.length;
        const second = openPublisher(target, { hosts: [proxy.url], at: first.name });
        await second.publisher.start();
        await second.publisher.start();
        expect(second.diagnostics).toEqual([]);
        expect(proxy.requests.slice(requests)).toEqual([
          "GET /",
          `GET /_index_template/${name}`,
          expect.stringMatching(/^POST \/_index_template\/_simulate_index\/.*event-/),
          expect.stringMatching(/^POST \/_index_template\/_simulate_index\/.*network-/),
        ]);
        expect(await template(name)).toEqual(installed);
        expect([...first.codes, ...second.codes]).toEqual([]);
      });

      test(`somebody else's template in the place of that of ${target.title} stays`, async () => {
        const live = openPublisher(target, { hosts: [url] });
        const name = templateName(live.name);
        const bare = { index_patterns: [`${live.name}-nothing-*`], priority: 7 };
        for (const own of [{ ...bare, version: 0, _meta: { team: "search" } }, bare]) {
          await server.ask("PUT", `_index_template/${name}`, own);
          const next = openPublisher(target, { hosts: [url], at: live.name });
          await next.publisher.start();
          expect(next.diagnostics).toEqual(["template-kept"]);
          expect(await template(name)).toMatchObject(own);
        }
      });

      test(`the template of ${target.title} is replaced by a higher version only`, async () => {
        const live = openPublisher(target, { hosts: [url] });
        const name = templateName(live.name);
        const ours = { index_patterns: [`${live.name}-nothing-*`], _meta: { managed_by: "eventmeter" } };
        await server.ask("PUT", `_index_template/${name}`, { ...ours, version: 0 });
        await live.publisher.start();
        expect(live.diagnostics).toEqual(["template-installed"]);
        expect(at(await template(name), "version")).toBe(TEMPLATE_VERSION);

        await server.ask("PUT", `_index_template/${name}`, { ...ours, version: TEMPLATE_VERSION + 1 });
        const older = openPublisher(target, { hosts: [url], at: live.name });
        await older.publisher.start();
        expect(older.diagnostics).toEqual([]);
        expect(await template(name)).toMatchObject({ ...ours, version: TEMPLATE_VERSION + 1 });
      });

      test(`without templates none is installed for ${target.title}`, async () => {
        await using proxy = await openFaultProxy({ target: url });
        const live = openPublisher(target, { hosts: [proxy.url], templates: false });
        await live.publisher.start();
        expect(proxy.requests.filter((request) => request.startsWith("PUT"))).toEqual([]);
        expect((await server.answer("GET", `_index_template/${templateName(live.name)}`)).status).toBe(404);
        const isMissing = (await live.publisher.check()).code === "template-missing";
        expect(isMissing).toBe(target === dataStreams);
      });

      test(`a start that cannot reach the server is made up for, and nothing of ${target.title} is sent before`, async () => {
        await using proxy = await openFaultProxy({
          target: url,
          schedule: (index) => (["reset-before", "unavailable", "cut-reply", "busy"] as const)[index] ?? "pass",
        });
        const live = openPublisher(target, { hosts: [proxy.url] });
        publishEvent(live, "early");
        await waitFor(() => {
          live.clock.leap(500);
          return live.publisher.health().delivered > 0;
        });
        expect(await live.publisher.flush()).toMatchObject({ status: "complete", delivered: 1 });
        const bulk = proxy.requests.findIndex((request) => request.endsWith("/_bulk"));
        expect(proxy.requests.findIndex((request) => request.startsWith("PUT /_index_template/"))).toBeLessThan(bulk);
        expect(live.diagnostics).toContain("template-installed");
        expect(await server.count(target.event(live.name))).toBe(1);
      });
    }

    test("a reply that is cut says nothing of whose template there is", async () => {
      await using proxy = await openFaultProxy({
        target: url,
        schedule: (index) => (index === 1 ? "cut-reply" : "pass"),
      });
      const live = openPublisher(dataStreams, { hosts: [proxy.url] });
      await server.ask("PUT", `_index_template/eventmeter-${live.name}`, {
        index_patterns: [`${live.name}-nothing-*`],
        _meta: { managed_by: "eventmeter" },
        version: 0,
      });
      publishEvent(live, "upgraded");
      await waitFor(() => {
        live.clock.leap(500);
        return live.publisher.health().delivered > 0;
      });
      expect(live.diagnostics).not.toContain("template-kept");
      expect(at(await template(`eventmeter-${live.name}`), "version")).toBe(TEMPLATE_VERSION);
    });

    test("two namespaces, and two prefixes of which one begins with the other, stay apart", async () => {
      const prefix = freshName();
      const lives = [
        openPublisher(dataStreams, { hosts: [url] }),
        openPublisher(dataStreams, { hosts: [url] }),
        openPublisher(dailyIndices, { hosts: [url], at: prefix }),
        openPublisher(dailyIndices, { hosts: [url], at: `${prefix}-event` }),
        openPublisher(dailyIndices, { hosts: [url], at: `${prefix}-network` }),
      ] as const;
      for (const [index, live] of lives.entries()) {
        const target = index < 2 ? dataStreams : dailyIndices;
        for (let count = 0; count <= index; count += 1) publishEvent(live, `${index}-${count}`);
        publishNetwork(live, `${index}`);
        expect(await live.publisher.flush()).toMatchObject({ status: "complete", delivered: index + 2 });
        expect(live.codes).toEqual([]);
        expect(live.diagnostics).toEqual(["template-installed"]);
        const events = target === dataStreams ? target.event(live.name) : `${live.name}-event-2026.11.22`;
        expect(await server.count(events)).toBe(index + 1);
        const mapping = Object.values((await server.ask("GET", `${events}/_mapping`)) ?? {})[0];
        expect(at(mapping, "mappings", "properties", target.attributes, "type")).toBe("flattened");
      }
      // What is not ours is as if we were not there.
      for (const foreign of [
        `metrics-eventmeter.event-${freshName()}`,
        `${prefix}-other-2026.11.22`,
        `${prefix}-event`,
      ])
        expect(at(await simulated(foreign), "template", "mappings", "properties")).toBeUndefined();
    });

    test("a stream keeps its documents as long as the retention says", async () => {
      const live = openPublisher(dataStreams, { hosts: [url], retention: "30d" });
      publishEvent(live, "kept");
      expect(await live.publisher.flush()).toMatchObject({ status: "complete", delivered: 1 });
      expect(at(await template(`eventmeter-${live.name}`), "template", "lifecycle")).toMatchObject({
        enabled: true,
        data_retention: "30d",
      });
      const without = openPublisher(dataStreams, { hosts: [url] });
      await without.publisher.start();
      const lifecycle = at(await template(`eventmeter-${without.name}`), "template", "lifecycle");
      expect(lifecycle).toMatchObject({ enabled: true });
      expect(at(lifecycle, "data_retention")).toBeUndefined();
    });

    test("a retention that is asked for later is that of streams made from then on, and stays", async () => {
      const first = openPublisher(dataStreams, { hosts: [url] });
      await first.publisher.start();
      for (const retention of ["30d", "7d", undefined]) {
        const next = openPublisher(dataStreams, { hosts: [url], at: first.name, retention });
        await next.publisher.start();
        expect(next.diagnostics).toEqual(retention === undefined ? [] : ["template-installed"]);
        const lifecycle = at(await template(`eventmeter-${first.name}`), "template", "lifecycle");
        expect(lifecycle).toMatchObject({ data_retention: retention ?? "7d" });
      }
    });

    test("a template that somebody removes is installed again, and the records go on", async () => {
      const live = openPublisher(dataStreams, { hosts: [url] });
      const stream = dataStreams.event(live.name);
      await live.publisher.start();
      await server.ask("DELETE", `_index_template/eventmeter-${live.name}`);
      publishEvent(live, "after");
      await waitFor(() => {
        live.clock.leap(500);
        return live.publisher.health().delivered === 1;
      });
      expect(live.diagnostics).toEqual(["template-installed", "template-installed"]);
      expect(await server.count(stream)).toBe(1);
      const mapping = Object.values((await server.ask("GET", `${stream}/_mapping`)) ?? {})[0];
      expect(at(mapping, "mappings", "properties", "labels", "type")).toBe("flattened");
    });

    test("what a stream and a daily index will be like shows every type", async () => {
      const stream = openPublisher(dataStreams, { hosts: [url] });
      const day = openPublisher(dailyIndices, { hosts: [url] });
      await Promise.all([stream.publisher.start(), day.publisher.start()]);
      const types = async (name: string, ...fields: readonly string[]): Promise<readonly unknown[]> => {
        const properties = at(await simulated(name), "template", "mappings", "properties");
        return fields.map((field) => at(properties, ...field.split(".").join(".properties.").split("."), "type"));
      };
      const times = ["@timestamp", "event.start", "event.end", "event.duration"];
      expect(await types(dataStreams.event(stream.name), ...times)).toEqual(["date", "date", "date", "long"]);
      const words = ["event.action", "event.outcome", "eventmeter.task_id", "trace.id", "error.message", "labels"];
      expect(await types(dataStreams.network(stream.name), ...words)).toEqual([
        "keyword",
        "keyword",
        "keyword",
        "keyword",
        "text",
        "flattened",
      ]);
      const daily = [
        "@timestamp",
        "timestamp",
        "start_time",
        "end_time",
        "duration",
        "latency",
        "task_id",
        "attributes",
      ];
      for (const kind of ["event", "network"])
        expect(await types(`${day.name}-${kind}-2030.01.31`, ...daily)).toEqual([
          "date",
          "date",
          "double",
          "double",
          "double",
          "double",
          "keyword",
          "flattened",
        ]);
    });

    test("numeric attributes can be summed, whatever their names, and those above the limit cost no document", async () => {
      const { publisher, name, codes } = openPublisher(dataStreams, { hosts: [url] });
      const stream = dataStreams.event(name);
      const publish = (attributes: Attributes): void =>
        publisher.publishEventMetrics({ eventName: "sums", taskId: 1, startTime: Date.now(), attributes });
      publish({ amount: 1, "amount.net": 2, text: "7" });
      publish({ amount: 2.5, "": 1, " ": 1, ".": 1, "..": 1, "a.": 1, _id: 1, "*": 1, "a\u001f": 1, "\u001f": 1 });
      for (let batch = 0; batch < 10; batch += 1)
        publish(Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`n${batch}-${index}`, index])));
      expect(await publisher.flush()).toMatchObject({ status: "complete", delivered: 12 });
      expect(codes).toEqual([]);
      const sums = await server.search(stream, {
        size: 0,
        aggs: {
          amount: { sum: { field: "numeric_labels.amount" } },
          net: { sum: { field: "numeric_labels.amount.net" } },
        },
      });
      expect(at(sums, "aggregations")).toMatchObject({ amount: { value: 3.5 }, net: { value: 2 } });
      const mapping = Object.values((await server.ask("GET", `${stream}/_mapping`)) ?? {})[0];
      const fields = at(mapping, "mappings", "properties", "numeric_labels", "properties") as object;
      expect(fields).toMatchObject({ amount: { type: "double" } });
      expect(fields).not.toHaveProperty("text");
      expect(Object.keys(fields).length).toBeGreaterThan(400);
      expect(Object.keys(fields).length).toBeLessThan(500);
    });

    test("a template of the same priority in the way costs the mapping, not the documents", async () => {
      const live = openPublisher(dataStreams, { hosts: [url] });
      await server.ask("PUT", `_index_template/${live.name}-theirs`, {
        index_patterns: [`metrics-eventmeter.*-${live.name}`],
        priority: 501,
        data_stream: {},
        template: { mappings: { properties: { eventmeter: { properties: { task_id: { type: "keyword" } } } } } },
      });
      publishEvent(live, "delivered");
      expect(await live.publisher.flush()).toMatchObject({ status: "complete", delivered: 1 });
      expect(live.codes).toEqual(["template-failed"]);
      expect(await server.count(dataStreams.event(live.name))).toBe(1);
    });

    describe("a template of higher priority", () => {
      const theirs = async (name: string, body: object): Promise<void> => {
        await server.ask("PUT", `_index_template/${name}-theirs`, { priority: 900, ...body });
      };

      test("that makes no data streams is named by start() and check()", async () => {
        const live = openPublisher(dataStreams, { hosts: [url] });
        await theirs(live.name, { index_patterns: [`metrics-eventmeter.*-${live.name}`] });
        for (const templates of [true, true, false]) {
          const next = openPublisher(dataStreams, { hosts: [url], at: live.name, templates });
          await next.publisher.start();
          expect(next.codes).toEqual(["template-shadowed"]);
          expect(next.said.at(-1)).toContain(
            `${live.name}-theirs (priority 900) decides about metrics-eventmeter.event-`,
          );
          expect(await next.publisher.check()).toMatchObject({ ok: false, code: "template-shadowed" });
        }
        await server.ask("DELETE", `_index_template/${live.name}-theirs`);
        const last = openPublisher(dataStreams, { hosts: [url], at: live.name });
        expect(await last.publisher.check()).toMatchObject({ ok: true, code: "write-unknown" });
      });

      for (const { target } of targets)
        test(`that gives ${target.title} other mappings is named, and documents are stored`, async () => {
          const live = openPublisher(target, { hosts: [url] });
          const pattern = target === dataStreams ? `metrics-eventmeter.*-${live.name}` : `${live.name}-event-*`;
          await theirs(live.name, {
            index_patterns: [pattern],
            ...(target === dataStreams ? { data_stream: {} } : {}),
          });
          publishEvent(live, "stored");
          expect(await live.publisher.flush()).toMatchObject({ status: "complete", delivered: 1 });
          expect(live.codes).toEqual([]);
          expect(live.diagnostics).toEqual(["template-installed", "mappings-shadowed"]);
          expect(live.said.at(-1)).toContain(`${live.name}-theirs (priority 900)`);
          expect(await live.publisher.check()).toMatchObject({ ok: true, code: "mappings-shadowed" });
        });

      test("of the legacy kind decides about no daily index", async () => {
        const live = openPublisher(dailyIndices, { hosts: [url] });
        await server.ask("PUT", `_template/${live.name}-legacy`, {
          index_patterns: [`${live.name}-*`],
          order: 10_000,
          mappings: { properties: { task_id: { type: "text" } } },
        });
        publishEvent(live, "stored");
        expect(await live.publisher.flush()).toMatchObject({ status: "complete", delivered: 1 });
        expect([...live.codes, ...live.diagnostics]).toEqual(["template-installed"]);
        const mapping = Object.values((await server.ask("GET", `${live.name}-event-2026.11.22/_mapping`)) ?? {})[0];
        expect(at(mapping, "mappings", "properties", "task_id", "type")).toBe("keyword");
        await server.ask("DELETE", `_template/${live.name}-legacy`);
      });
    });
  });
