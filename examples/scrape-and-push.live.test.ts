/* oxlint-disable no-await-in-loop -- rounds follow one another */
import { expect, test } from "vitest";
import { CompositePublisher } from "@eventmeter/publisher-composite";
import { GrafanaCloudPublisher } from "@eventmeter/publisher-grafana-cloud";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";

const url = (process.env["PROMETHEUS_URL"] ?? "").replace(/\/+$/, "");

/** Every sample of a page by its series, written in one way: labels sorted, bounds as numbers. */
function samplesOf(page: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of page.split("\n")) {
    const [, name = "", list = "", value = ""] = /^(\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
    if (!/^(?:event|network)_/.test(name)) continue;
    const labels = Array.from(list.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g), ([, label = "", text = ""]) => [
      label,
      text.replace(/\\(.)/g, (_escape, character: string) => (character === "n" ? "\n" : character)),
    ]);
    samples.set(seriesOf(name, Object.fromEntries(labels) as Record<string, string>), Number(value));
  }
  return samples;
}

function seriesOf(name: string, labels: Readonly<Record<string, string>>): string {
  const bound = (text: string): string => String(Number(text.replace("Inf", "Infinity")));
  const sorted = Object.entries(labels)
    .filter(([, value]) => value !== "")
    .map(([label, value]) => `${label}=${JSON.stringify(label === "le" ? bound(value) : value)}`)
    .toSorted();
  return `${name}{${sorted.join(",")}}`;
}

/** The newest stored sample of every series that was pushed by one instance. */
async function storedBy(instance: string): Promise<Map<string, number>> {
  const query = new URLSearchParams({ query: `{instance="${instance}",__name__=~"(event|network)_.*"}` });
  const response = await fetch(`${url}/api/v1/query?${query.toString()}`);
  const { data } = (await response.json()) as {
    data: { result: readonly { metric: Record<string, string>; value: [number, string] }[] };
  };
  return new Map(
    data.result.map(({ metric: { __name__: name = "", job: _job, instance: _instance, ...labels }, value }) => [
      seriesOf(name, labels as Record<string, string>),
      Number(value[1]),
    ]),
  );
}

test.skipIf(url === "")("what is pushed to a real Prometheus equals the page that it would scrape", async () => {
  const instance = crypto.randomUUID();
  const labels = { event: ["tenant", "errorType"], network: ["method"] };
  const page = new PrometheusPublisher({ server: false, labels });
  const push = new GrafanaCloudPublisher({
    endpoint: `${url}/api/v1/otlp`,
    labels,
    resource: { serviceName: "shop", serviceInstanceId: instance },
  });
  await using metrics = new CompositePublisher([page, push]);

  for (let round = 0; round < 4; round += 1) {
    const endTime = Date.now();
    for (let index = 0; index < 50; index += 1) {
      const startTime = endTime - index ** 2 * 5;
      const error = index % 7 === 0 ? new TypeError("no input") : undefined;
      const attributes = { tenant: ['a"b', "c\\d", "e\nf", "ü", undefined][index % 5], method: `m${index % 3}` };
      metrics.publishEventMetrics({
        eventName: `job-${index % 4}`,
        taskId: index,
        startTime,
        endTime,
        error,
        retryCount: index % 3,
        attributes,
      });
      metrics.publishNetworkMetrics({
        operation: "GET",
        host: "h",
        port: 1,
        startTime,
        endTime,
        bytesSent: index,
        bytesReceived: index * 1_000,
        attributes,
      });
    }
    expect(await metrics.flush()).toMatchObject({ status: "complete" });
    const expected = samplesOf(await page.metrics());
    const stored = await storedBy(instance);
    expect(expected.size).toBeGreaterThan(500);
    expect(Object.fromEntries(stored)).toEqual(Object.fromEntries(expected));
  }
});
