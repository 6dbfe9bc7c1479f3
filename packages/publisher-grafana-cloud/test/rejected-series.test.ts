import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { open, type Opened } from "./publisher-harness.ts";
import { openReceiver, type SeriesReceiver } from "./series-receiver.ts";

const TOO_LONG =
  "received a series whose label value length exceeds the limit, label: 'tenant', value: 'canary-…' (truncated) series: 'event_duration_seconds' (err-mimir-label-value-too-long). To adjust the related per-tenant limit, configure -validation.max-length-label-value, or contact your service administrator.";

function publish({ publisher }: Opened, tenant: string, eventName = "import"): void {
  const endTime = Date.now();
  publisher.publishEventMetrics({
    eventName,
    taskId: 1,
    startTime: endTime - 40,
    endTime,
    retryCount: 1,
    attributes: { tenant },
  });
}

/** Labels of the stored series of one family. */
function tenantsOf({ stored }: SeriesReceiver, family: string): readonly string[] {
  return [...stored.values()]
    .filter(({ labels }) => labels["__name__"] === family)
    .map(({ labels }) => labels["tenant"] ?? "");
}

const limitOf =
  (bytes: number) =>
  (labels: Readonly<Record<string, string>>): string | undefined =>
    Object.values(labels).some((text) => Buffer.byteLength(text) > bytes) ? TOO_LONG : undefined;

test("no value that a record can have is longer than Mimir's limit of 2,048 bytes", async () => {
  const receiver = await openReceiver(limitOf(2_048));
  const resource = { serviceName: "shop", attributes: { owner: "€".repeat(2_000) } };
  const harness = open({ endpoint: receiver.server.url, labels: { event: ["tenant", "errorType"] }, resource });
  for (const character of ["€", "😀", "é", "a", "\uD800"]) publish(harness, character.repeat(700));
  const status = "€".repeat(1_024);
  const times = { startTime: Date.now(), endTime: Date.now() };
  harness.publisher.publishEventMetrics({ eventName: "€".repeat(512), taskId: 1, status, errorType: status, ...times });
  expect(await harness.publisher.flush()).toMatchObject({ status: "complete", delivered: 6, dropped: 0 });
  expect(harness.errors).toEqual([]);
  expect(receiver.server.requests).toHaveLength(1);
});

describe("a label set that the receiver rejects", () => {
  test("is found, dropped and counted; all others arrive, and it is not searched for again", async () => {
    const receiver = await openReceiver(limitOf(100));
    const harness = open({ endpoint: receiver.server.url, labels: { event: ["tenant"] } });
    const bad = `canary-${"x".repeat(200)}`;
    for (let index = 0; index < 200; index += 1) publish(harness, `tenant-${index}`);
    publish(harness, bad);
    publish(harness, bad);
    const { publisher, errors } = harness;
    expect(await publisher.flush({ timeoutMs: 30_000 })).toMatchObject({
      status: "complete",
      delivered: 200,
      dropped: 2,
      pending: 0,
    });
    expect(publisher.health()).toMatchObject({ droppedBy: { rejected: 2 } });
    for (const family of ["event_duration_seconds", "event_retries_total"])
      expect(tenantsOf(receiver, family)).toHaveLength(200);
    // Two of 402 label sets: a path of nine halvings for each.
    expect(receiver.server.requests.length).toBeLessThanOrEqual(40);
    expect(errors.map(({ code, message }) => [code, message])).toEqual([
      [
        "series-rejected",
        "grafana-cloud: the endpoint answered 400 (err-mimir-label-value-too-long): the value of a label is longer than it may be; promote no attributes with long values in labels, or have the limit raised; rejected series are left out from now on: 1 of event_duration_seconds, 1 of event_retries_total",
      ],
      ["record-dropped", "grafana-cloud: records dropped: the backend rejects their series"],
    ]);

    const before = receiver.server.requests.length;
    publish(harness, "tenant-7");
    publish(harness, bad);
    expect(await publisher.flush()).toMatchObject({ status: "complete", delivered: 201, dropped: 3 });
    expect(receiver.server.requests.length - before).toBe(1);
    expect(receiver.stored.get(keyOf("tenant-7"))).toMatchObject({ value: 2 });
    expect(inspect([errors, publisher.health()], { depth: Infinity, showHidden: true })).not.toContain("canary");
  });

  test("is found by words that are not known, too", async () => {
    const receiver = await openReceiver(({ tenant }) => (tenant === "evil" ? "blocked by policy" : undefined));
    const harness = open({ endpoint: receiver.server.url, labels: { event: ["tenant"] } });
    for (const tenant of ["a", "evil", "b"]) publish(harness, tenant);
    expect(await harness.publisher.flush()).toMatchObject({ status: "complete", delivered: 2, dropped: 1 });
    expect(tenantsOf(receiver, "event_duration_seconds").toSorted()).toEqual(["a", "b"]);
  });

  test("does not end a snapshot for which all of them are rejected: no record is dropped", async () => {
    const receiver = await openReceiver(
      () => "received a series whose number of labels exceeds the limit (err-mimir-max-label-names-per-series)",
    );
    const harness = open({ endpoint: receiver.server.url, labels: { event: ["tenant"] } });
    for (let index = 0; index < 100; index += 1) publish(harness, `tenant-${index}`);
    void harness.publisher.flush({ timeoutMs: 2_000 });
    expect(await harness.error()).toMatchObject({ code: "snapshot-rejected" });
    expect(harness.publisher.health()).toMatchObject({ pending: 100, dropped: 0 });
    expect(receiver.server.requests.length).toBeLessThanOrEqual(20);
  });
});

function keyOf(tenant: string): string {
  return JSON.stringify({ __name__: "event_duration_seconds", event_name: "import", status: "completed", tenant });
}

describe("words of the receivers are known:", () => {
  test.each<[string, string, code: string]>([
    [
      "Mimir, label name",
      "received a series whose label name length exceeds the limit, label: 'x' (err-mimir-label-name-too-long)",
      "the name of a label is longer",
    ],
    ["Mimir, label value", TOO_LONG, "the value of a label is longer"],
    [
      "Mimir, labels per series",
      "received a series whose number of labels exceeds the limit (actual: 31, limit: 30) (err-mimir-max-label-names-per-series)",
      "a series has more labels",
    ],
    [
      "Mimir, labels of target_info",
      "received an info series whose number of labels exceeds the limit (err-mimir-max-label-names-per-info-series)",
      "target_info has more labels",
    ],
    [
      "Mimir, invalid label",
      "received a series with an invalid label: 'x' (err-mimir-label-invalid)",
      "it does not take a label",
    ],
    [
      "Mimir, series per tenant",
      "per-user series limit of 150000 exceeded (err-mimir-max-series-per-user)",
      "a series limit is the cause",
    ],
    [
      "Mimir, series per metric",
      "per-metric series limit of 20000 exceeded (err-mimir-max-series-per-metric)",
      "a limit of series per metric is the cause",
    ],
    [
      "Mimir, active series",
      "the request has been rejected (err-mimir-max-active-series)",
      "a series limit is the cause",
    ],
    [
      "Mimir, too far in the past",
      "received a sample whose timestamp is too far in the past (err-mimir-too-far-in-past)",
      "newer samples",
    ],
    [
      "Mimir, size of a request",
      "the incoming OTLP request has been rejected (err-mimir-distributor-max-otlp-request-size)",
      "the request is too large",
    ],
    [
      "Cortex, labels per series",
      "series has too many labels (actual: 31, limit: 30) series: 'x'",
      "a series has more labels",
    ],
    ["Cortex, label value", "label value too long for metric: 'x' label value: 'y'", "the value of a label is longer"],
    [
      "Prometheus, label value",
      "label_value_length_limit exceeded (metric: x, label name: y)",
      "the value of a label is longer",
    ],
    [
      "Prometheus, number of labels",
      "label_limit exceeded (metric: x, number of labels: 31, limit: 30)",
      "a series has more labels",
    ],
  ])("%s", async (_who, words, sentence) => {
    const receiver = await openReceiver(() => words);
    const harness = open({ endpoint: receiver.server.url });
    const times = { startTime: Date.now(), endTime: Date.now() };
    harness.publisher.publishEventMetrics({ eventName: "a", taskId: 1, ...times });
    void harness.publisher.flush({ timeoutMs: 100 });
    const { code, message } = await harness.error();
    expect([code, message]).toEqual(["snapshot-rejected", expect.stringContaining(sentence) as string]);
  });
});
