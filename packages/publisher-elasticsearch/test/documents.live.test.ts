import type { FormattedMetrics } from "@eventmeter/core";
import { Client as Client9 } from "@elastic/elasticsearch";
import { Client as Client8 } from "elasticsearch-8";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import {
  at,
  connectElasticsearch,
  type LiveElasticsearch,
  listAt,
  liveVersions,
  removeFreshNames,
} from "./live-elasticsearch.ts";
import { openFaultProxy } from "./live-fault-proxy.ts";
import { dailyIndices, dataStreams, type LiveTarget, openPublisher } from "./live-harness.ts";
import { elapsedOf, EVENTS, isUnfinished, OPERATIONS, startOf, variedEvent, variedOperation } from "./live-records.ts";

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
const finished = numbers(EVENTS).filter((index) => !isUnfinished(index));

/** What times and durations add up to for the server. */
async function statistics(server: LiveElasticsearch, index: string, target: LiveTarget, elapsed: string) {
  const percents = [0, 50, 100];
  const { field } = target.start;
  const found = await server.search(index, {
    size: 0,
    track_total_hits: true,
    aggs: {
      firstStart: { min: { field } },
      lastStart: { max: { field } },
      starts: { percentiles: { field, percents, keyed: false } },
      longest: { max: { field: elapsed } },
      shortest: { min: { field: elapsed } },
      total: { sum: { field: elapsed } },
      durations: { percentiles: { field: elapsed, percents, keyed: false } },
    },
  });
  const value = (name: string, perMs: number): number => Number(at(found, "aggregations", name, "value")) / perMs;
  const percentiles = (name: string, perMs: number): readonly number[] =>
    listAt(found, "aggregations", name, "values").map((each) => Number(at(each, "value")) / perMs);
  return {
    count: Number(at(found, "hits", "total", "value")),
    firstStart: value("firstStart", target.start.perMs),
    lastStart: value("lastStart", target.start.perMs),
    starts: percentiles("starts", target.start.perMs),
    longest: value("longest", target.elapsed.perMs),
    shortest: value("shortest", target.elapsed.perMs),
    total: value("total", target.elapsed.perMs),
    durations: percentiles("durations", target.elapsed.perMs),
  };
}

/** The same, from the records. */
function expectedStatistics(started: readonly number[], ended: readonly number[]) {
  const middle = (sorted: readonly number[]): readonly (number | undefined)[] => [
    sorted[0],
    sorted[(sorted.length - 1) / 2] ?? ((sorted[sorted.length / 2 - 1] ?? 0) + (sorted[sorted.length / 2] ?? 0)) / 2,
    sorted.at(-1),
  ];
  const starts = started.map(startOf);
  const durations = ended.map(elapsedOf).toSorted((a, b) => a - b);
  return {
    count: started.length,
    firstStart: starts[0],
    lastStart: starts.at(-1),
    starts: middle(starts),
    longest: durations.at(-1),
    shortest: durations[0],
    total: durations.reduce((sum, each) => sum + each, 0),
    durations: middle(durations),
  };
}

/** Rounds what a sum or a division of doubles cannot say better: a thousandth of a millisecond. */
function rounded(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, each: unknown) => (typeof each === "number" ? Math.round(each * 1e3) / 1e3 : each)),
  );
}

/** The document of a daily index: the dictionary. */
function daily(published: FormattedMetrics): Readonly<Record<string, unknown>> {
  return { ...published, "@timestamp": published.timestamp, attributes: withoutNul(published.attributes) };
}

/** The document of a data stream, by the table of https://www.elastic.co/docs/reference/ecs/ecs-field-reference. */
function ecs(published: FormattedMetrics): Readonly<Record<string, unknown>> {
  const { start_time: start, end_time: end, error, error_type: type, timestamp, status } = published;
  const elapsed = published.metric_type === "event" ? published.duration : published.latency;
  const event = {
    kind: "event",
    dataset: `eventmeter.${published.metric_type}`,
    action: published.metric_type === "event" ? published.event_name : published.operation,
    outcome: status === "completed" ? "success" : status === "failed" ? "failure" : "unknown",
    start: milliseconds(start),
    ...(end === null ? {} : { end: milliseconds(end), duration: Math.round((elapsed ?? 0) * 1e3) * 1e6 }),
  };
  const common = {
    "@timestamp": new Date(timestamp ?? "").getTime(),
    event,
    trace: { id: published.trace_id },
    labels: withoutNul(published.attributes),
    ...numericLabels(withoutNul(published.attributes)),
    ...(error === null ? {} : { error: { message: error, ...(type === undefined ? {} : { type }) } }),
  };
  if (published.metric_type === "event") {
    const { task_id, retry_count, pipeline_id, process_id, span_id } = published;
    return {
      ...common,
      span: { id: span_id },
      process: { pid: process_id },
      eventmeter: { task_id, status, retry_count, pipeline_id },
    };
  }
  const { task_id, event_name, host, port, bytes_sent, bytes_received } = published;
  return {
    ...common,
    eventmeter: { task_id, event_name },
    source: { bytes: bytes_sent },
    destination: { address: host, bytes: bytes_received, ...(port === null ? {} : { port }) },
    network: { bytes: bytes_sent + bytes_received },
  };
}

function numericLabels(attributes: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const numeric = Object.entries(attributes).filter(([name, value]) => typeof value === "number" && name.trim() !== "");
  return numeric.length === 0 ? {} : { numeric_labels: Object.fromEntries(numeric) };
}

/** The daily index of a record: of the day, in UTC, of its end, or else of its start. */
function dayOf(name: string, { metric_type: type, timestamp }: FormattedMetrics): string {
  return `${name}-${type}-${(timestamp ?? "").slice(0, 10).replaceAll("-", ".")}`;
}

function milliseconds(seconds: number | null): number {
  return Math.round((seconds ?? 0) * 1e3);
}

/** Types of all fields of a mapping, by their whole names. */
function fieldTypes(mapping: unknown, prefix: string = ""): Map<string, unknown> {
  const types = new Map<string, unknown>();
  for (const [name, field] of Object.entries(at(mapping, "properties") ?? {})) {
    if (at(field, "type") !== undefined) types.set(prefix + name, at(field, "type"));
    for (const [inner, type] of fieldTypes(field, `${prefix}${name}.`)) types.set(inner, type);
  }
  return types;
}

/** The attributes that a server can take: it rejects a document with a NUL in a name. */
function withoutNul(attributes: Readonly<Record<string, unknown>> | undefined): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(attributes ?? {}).filter(([name]) => !name.includes("\u0000")));
}

for (const { major, url, skip, note } of liveVersions)
  for (const target of [dataStreams, dailyIndices])
    for (const clientMajor of ["9", "8"])
      describe.skipIf(skip)(`client ${clientMajor}, ${target.title} of Elasticsearch ${major}.x${note}`, () => {
        const server = connectElasticsearch(url);
        afterAll(() => removeFreshNames(server));

        /** Publishes all records for a fresh name. */
        async function publishAll() {
          const client = clientMajor === "9" ? undefined : new Client8({ node: url });
          onTestFinished(() => client?.close());
          const live = openPublisher(target, client === undefined ? { hosts: [url] } : { client });
          for (const index of numbers(EVENTS)) live.publisher.publishEventMetrics(variedEvent(index));
          for (const index of numbers(OPERATIONS)) live.publisher.publishNetworkMetrics(variedOperation(index));
          const received = EVENTS + OPERATIONS;
          expect(await live.publisher.flush({ timeoutMs: 30_000 })).toMatchObject({
            status: "complete",
            received,
            delivered: received,
          });
          expect(live.codes).toEqual([]);
          return { live, events: target.event(live.name), operations: target.network(live.name) };
        }

        test("every record is counted with its times and durations to the millisecond", async () => {
          const { events, operations } = await publishAll();
          expect(rounded(await statistics(server, events, target, target.elapsed.event))).toEqual(
            rounded(expectedStatistics(numbers(EVENTS), finished)),
          );
          expect(rounded(await statistics(server, operations, target, target.elapsed.network))).toEqual(
            rounded(expectedStatistics(numbers(OPERATIONS), numbers(OPERATIONS))),
          );
        });

        test("every field is found as it was published", async () => {
          const { live, events, operations } = await publishAll();
          for (const [index, count, record] of [
            [events, EVENTS, variedEvent],
            [operations, OPERATIONS, variedOperation],
          ] as const) {
            const documents = new Map(
              (await server.documents(index)).map((found) => [at(found.source, ...target.taskId.split(".")), found]),
            );
            expect(documents.size).toBe(count);
            for (const each of numbers(count)) {
              const published = live.publisher.formatMetrics(record(each));
              const found = documents.get(published.task_id);
              expect(found?.source).toMatchObject(target === dailyIndices ? daily(published) : ecs(published));
              if (target === dailyIndices) expect(found?.index).toBe(dayOf(live.name, published));
            }
            expect(new Set([...documents.values()].map((found) => found.index)).size).toBe(
              target === dailyIndices ? 2 : 1,
            );
          }
        });

        test("no field is mapped that the template does not name, and none as a float", async () => {
          const { live, events, operations } = await publishAll();
          for (const index of [events, operations]) {
            const mappings = Object.values((await server.ask("GET", `${index}/_mapping`)) ?? {});
            expect(mappings.length).toBeGreaterThan(0);
            const name = index.replace("*", "2026.12.24");
            const planned = await server.ask("POST", `_index_template/_simulate_index/${name}`);
            for (const mapping of mappings) {
              const fields = fieldTypes(at(mapping, "mappings"));
              // Each number among the attributes is a field below this one.
              const plannedFields = fieldTypes(at(planned, "template", "mappings"));
              if (plannedFields.delete("numeric_labels")) {
                expect(fields.get("numeric_labels.code")).toBe("double");
                fields.delete("numeric_labels.code");
              }
              expect(fields).toEqual(plannedFields);
              expect([...fields.values()]).not.toContain("float");
              expect(fields.get("@timestamp")).toBe("date");
              expect(fields.get(target.taskId)).toBe("keyword");
              expect(fields.get(target.attributes)).toBe("flattened");
              expect(fields.get(target.start.field)).toBe(target === dailyIndices ? "double" : "date");
              const elapsed = index === events ? target.elapsed.event : target.elapsed.network;
              expect(fields.get(elapsed)).toBe(target === dailyIndices ? "double" : "long");
            }
          }
          await live.publisher.close();
        });

        test("attributes of every type are found in one field", async () => {
          const { events } = await publishAll();
          const having = async (name: string, value: string | number | boolean): Promise<unknown> => {
            const query = { term: { [`${target.attributes}.${name}`]: value } };
            return at(
              await server.search(events, { size: 0, track_total_hits: true, query }),
              "hits",
              "total",
              "value",
            );
          };
          const quarter = EVENTS / 4;
          expect(await having("code", "1")).toBe(quarter);
          expect(await having("code", "E42")).toBe(quarter);
          expect(await having("code", "1.5")).toBe(quarter);
          expect(await having("code", "true")).toBe(quarter);
          expect(await having("tenant", "mandant-1 ✓")).toBe(numbers(EVENTS).filter((each) => each % 3 === 1).length);
          expect(await having("dotted.name", "here")).toBe(EVENTS);
        });
      });

for (const { major, url, skip, note } of liveVersions)
  describe.skipIf(skip)(`compressed requests to Elasticsearch ${major}.x${note}`, () => {
    const server = connectElasticsearch(url);
    afterAll(() => removeFreshNames(server));

    for (const [title, Client] of [
      ["9", Client9],
      ["8", Client8],
    ] as const)
      for (const compression of [true, false])
        test(`a client ${title} that compresses is told apart from a publisher that ${compression ? "does" : "does not"}`, async () => {
          const client = new Client({ node: url, compression: true });
          onTestFinished(() => client.close());
          const live = openPublisher(dailyIndices, { client, compression });
          for (const index of numbers(EVENTS)) live.publisher.publishEventMetrics(variedEvent(index));
          expect(await live.publisher.flush()).toMatchObject({ status: "complete", delivered: EVENTS, dropped: 0 });
          expect(live.codes).toEqual([]);
          expect(await server.count(dailyIndices.event(live.name))).toBe(EVENTS);
        });

    test("a client of the publisher's own compresses when it is asked to", async () => {
      await using proxy = await openFaultProxy({ target: url });
      const sizes: number[] = [];
      for (const compression of [false, true]) {
        const live = openPublisher(dataStreams, { hosts: [proxy.url], compression });
        for (const index of numbers(EVENTS)) live.publisher.publishEventMetrics(variedEvent(index));
        const before = proxy.bodyBytes;
        expect(await live.publisher.flush()).toMatchObject({ status: "complete", delivered: EVENTS, dropped: 0 });
        sizes.push(proxy.bodyBytes - before);
        expect(await server.count(dataStreams.event(live.name))).toBe(EVENTS);
      }
      expect(sizes[1]).toBeLessThan((sizes[0] ?? 0) / 3);
    });
  });
