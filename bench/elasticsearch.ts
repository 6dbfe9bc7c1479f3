// Rows 10 to 12: documents from the record to the acknowledgement, beside helpers.bulk of the official client.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { Client } from "@elastic/elasticsearch";
import type { EventMetrics } from "@eventmeter/core";
import { ElasticsearchPublisher } from "@eventmeter/publisher-elasticsearch";
import type { BulkCounts } from "./bulk-server.ts";
import { startBulkServer } from "./child-server.ts";
import { compare, type Finding, versionOf } from "./lib.ts";
import { makeDocuments } from "./workload.ts";

// Long enough that one garbage collection more or less does not decide a pass.
const ROUNDS_PER_PASS = 5;
const RECORDS = 20_000;
const DOCUMENTS = ROUNDS_PER_PASS * RECORDS;
const RECORDS_PER_TURN = 500;
const records = makeDocuments(RECORDS);
const PEER = `helpers.bulk ${versionOf("@elastic/elasticsearch")}`;

/** Result of one pass, measured by this process and by the server. */
interface Pass extends BulkCounts {
  readonly seconds: number;
  readonly cpuMicroseconds: number;
}

const { url: node, stop } = await startBulkServer();

async function measured(send: () => Promise<unknown>): Promise<Pass> {
  const cpu = process.cpuUsage();
  const begun = performance.now();
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  for (let round = 0; round < ROUNDS_PER_PASS; round += 1) await send();
  const seconds = (performance.now() - begun) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const counts = (await (await fetch(`${node}/_counts`)).json()) as BulkCounts;
  if (counts.documents !== DOCUMENTS) throw new Error(`${counts.documents} of ${DOCUMENTS} documents arrived`);
  return { ...counts, seconds, cpuMicroseconds: user + system };
}

/** Throws unless a pass sends the documents that are expected, which are the same for both sides. */
async function checkLast(pass: () => Promise<Pass>): Promise<void> {
  await pass();
  const document = (await (await fetch(`${node}/_last`)).json()) as { eventmeter: { task_id: string } };
  assert.deepEqual(document, documentOf(records[Number(document.eventmeter.task_id.slice(5))] as EventMetrics));
}

/** Returns the document of an event as a user of the official client would write it. */
function documentOf(record: EventMetrics): object {
  const [start, end] = [Number(record.startTime), Number(record.endTime)];
  return {
    "@timestamp": end,
    ecs: { version: "8.17.0" },
    data_stream: { type: "metrics", dataset: "eventmeter.event", namespace: "default" },
    event: {
      kind: "event",
      dataset: "eventmeter.event",
      action: record.eventName,
      outcome: record.status === "completed" ? "success" : "failure",
      start,
      end,
      duration: (end - start) * 1e6,
    },
    eventmeter: {
      schema_version: 1,
      task_id: record.taskId,
      status: record.status,
      retry_count: record.retryCount,
      pipeline_id: record.pipelineId,
    },
    process: { pid: record.processId },
    ...(record.error == null ? {} : { error: { message: record.error, type: record.errorType } }),
    trace: { id: record.traceId },
    span: { id: record.spanId },
    labels: record.attributes,
  };
}

/** Sends all records with a publisher and with the peer, in turn, and returns the findings. */
async function compareSides(compression: boolean): Promise<Finding[]> {
  const publisher = new ElasticsearchPublisher({ hosts: [node], templates: false, compression });
  const client = new Client({ node, compression });
  const ours = async (): Promise<Pass> =>
    measured(async () => {
      for (const [index, record] of records.entries()) {
        publisher.publishEventMetrics(record);
        // A program that does nothing but publish would keep its own requests waiting.
        if (index % RECORDS_PER_TURN === 0) await setImmediate();
      }
      const report = await publisher.flush({ timeoutMs: 60_000 });
      if (report.status !== "complete" || report.dropped > 0) throw new Error(JSON.stringify(report));
    });
  const theirs = async (): Promise<Pass> =>
    measured(() =>
      client.helpers.bulk({
        datasource: records.map(documentOf),
        // With an id, a document is stored once even if the client repeats a request. The publisher sends ids too.
        onDocument: () => ({ create: { _index: "metrics-eventmeter.event-default", _id: randomUUID() } }),
      }),
    );
  for (const pass of [ours, theirs]) await checkLast(pass);
  const passes: { readonly ours: Pass[]; readonly theirs: Pass[] } = { ours: [], theirs: [] };
  const keep = async (side: keyof typeof passes, run: () => Promise<Pass>): Promise<number> => {
    const pass = await run();
    passes[side].push(pass);
    return DOCUMENTS / pass.seconds;
  };
  const suffix = compression ? ", gzip" : "";
  const [row, speed, cpu] = compression ? (["12", 1.5, 0.6] as const) : (["10", 1.7, 0.55] as const);
  const speeds = await compare(
    {
      goal: row,
      what: `documents from record to acknowledged${suffix}`,
      peer: PEER,
      unit: "/s",
      limit: speed,
      stretch: compression ? 1.9 : 4,
      atLeast: true,
    },
    () => keep("ours", ours),
    () => keep("theirs", theirs),
  );
  const again = (side: keyof typeof passes, figure: (pass: Pass) => number): (() => number) => {
    let next = 0;
    return () => figure(passes[side][next++] as Pass);
  };
  const findings = [
    speeds,
    await compare(
      {
        goal: compression ? "12" : "11",
        what: `CPU of it${suffix}`,
        peer: PEER,
        unit: "us/document",
        limit: cpu,
        stretch: compression ? 0.45 : 0.3,
      },
      again("ours", ({ cpuMicroseconds }) => cpuMicroseconds / DOCUMENTS),
      again("theirs", ({ cpuMicroseconds }) => cpuMicroseconds / DOCUMENTS),
    ),
  ];
  if (compression)
    findings.push(
      await compare(
        { goal: row, what: `bytes on the wire${suffix}`, peer: PEER, unit: "B/document", limit: 1.25, stretch: 1.2 },
        again("ours", ({ bytes }) => bytes / DOCUMENTS),
        again("theirs", ({ bytes }) => bytes / DOCUMENTS),
      ),
    );
  await publisher.close();
  await client.close();
  return findings;
}

const findings = [...(await compareSides(false)), ...(await compareSides(true))];
stop();
process.stdout.write(JSON.stringify(findings));
