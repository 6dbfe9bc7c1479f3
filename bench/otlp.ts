// Row 13: what it costs to encode a push of series, and its size. Runs in a process of its own: `otlp.ts <points>`.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { metricsRoot } from "../packages/otlp/test/metrics-schema.ts";
import { compare, type Finding, versionOf } from "./lib.ts";
import type { Question } from "./otlp-side.ts";

const points = Number(process.argv[2]);
const peer = `otlp-transformer ${versionOf("@opentelemetry/otlp-transformer")}`;
const [ours, theirs] = (["ours", "theirs"] as const).map(open) as [ChildProcess, ChildProcess];
const [own, other] = [await requestOf(ours), await requestOf(theirs)];
assertSameSeries(own, other);

const findings: Finding[] = [];
const head = { goal: "13", peer, limit: 0.2, stretch: 0.08 };
findings.push(
  await compare(
    { ...head, what: `processor time to encode, ${points} points`, unit: "ms" },
    () => ask(ours, "milliseconds"),
    () => ask(theirs, "milliseconds"),
  ),
  await compare(
    { ...head, goal: "A3", what: `longest block by a push, ${points} points`, unit: "ms", limit: 10, stretch: 5 },
    () => ask(ours, "block"),
    () => ask(theirs, "block"),
    (milliseconds) => milliseconds,
  ),
  await compare(
    { ...head, what: `bytes after gzip level 1, ${points} points`, unit: "kB", limit: 1, stretch: 0.75 },
    () => gzipSync(own, { level: 1 }).length / 1000,
    () => gzipSync(other, { level: 1 }).length / 1000,
  ),
);
for (const side of [ours, theirs]) side.disconnect();
process.stdout.write(JSON.stringify(findings));

function open(side: "ours" | "theirs"): ChildProcess {
  const file = fileURLToPath(new URL("otlp-side.ts", import.meta.url));
  return fork(file, [side, String(points)], { execArgv: ["--expose-gc"] });
}

async function ask<Answer = number>(side: ChildProcess, question: Question): Promise<Answer> {
  side.send(question);
  const [answer] = (await once(side, "message")) as [Answer];
  return answer;
}

async function requestOf(side: ChildProcess): Promise<Uint8Array> {
  return Buffer.from(await ask<string>(side, "request"), "base64");
}

/**
 * Throws unless two requests hold the same values of the same series. The minimum and maximum, which only the peer sends
 * and Prometheus ignores, are not compared. Sums are compared to 9 digits, because each side adds them up in another unit.
 */
function assertSameSeries(one: Uint8Array, another: Uint8Array): void {
  const [first, second] = [canonicalPoints(one), canonicalPoints(another)];
  const at = first.findIndex((point, index) => point !== second[index]);
  if (at >= 0 || first.length !== second.length || first.length !== points)
    throw new Error(
      `requests differ (${first.length} and ${second.length} points): ${first[at]} differs from ${second[at]}`,
    );
}

interface DecodedPoint {
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];
  readonly asDouble?: number;
  readonly count?: string;
  readonly sum?: number;
  readonly bucketCounts?: readonly string[];
  readonly explicitBounds?: readonly number[];
}

function canonicalPoints(request: Uint8Array): string[] {
  const type = metricsRoot.lookupType("ExportMetricsServiceRequest");
  const { resourceMetrics: resources } = type.toObject(type.decode(request), { longs: String });
  const { metrics } = resources[0].scopeMetrics[0];
  return metrics
    .flatMap(({ name, unit, sum, histogram }: DecodedMetric) => {
      const { dataPoints, ...data } = (sum ?? histogram) as DecodedData;
      return dataPoints.map(({ attributes, asDouble, count, sum: total, bucketCounts, explicitBounds }) => {
        const labels = attributes.map(({ key, value }) => `${key}=${value.stringValue}`).toSorted();
        const numbers = [asDouble, count, total?.toPrecision(9), bucketCounts, explicitBounds];
        return JSON.stringify([name, unit, labels, numbers, data]);
      });
    })
    .toSorted();
}

interface DecodedData {
  readonly dataPoints: readonly DecodedPoint[];
}

interface DecodedMetric {
  readonly name: string;
  readonly unit: string;
  readonly sum?: DecodedData;
  readonly histogram?: DecodedData;
}
