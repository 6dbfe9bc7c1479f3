import { ElasticsearchPublisher } from "@eventmeter/publisher-elasticsearch";
import { expect, test } from "vitest";
import { openFakeElasticsearch } from "./fake-elasticsearch.ts";
import { NOON } from "./publisher-harness.ts";

function publishInner(publisher: ElasticsearchPublisher, recordId: string): void {
  publisher.publishEventMetrics({
    eventName: "inner",
    taskId: 2,
    startTime: NOON - 86_400_000,
    endTime: NOON - 86_399_000,
    spanId: "b".repeat(16),
    pipelineId: "p",
    recordId,
    attributes: { own: true },
  });
}

/** Publishes a record with the given attributes, and another one after it; gives what is stored, without what `inner` became. */
async function storedWith(
  mode: { readonly indexPrefix?: string },
  attributes: (publisher: ElasticsearchPublisher) => Readonly<Record<string, number>>,
): Promise<unknown> {
  await using server = await openFakeElasticsearch();
  await using publisher = new ElasticsearchPublisher({ hosts: [server.url], ...mode });
  publisher.publishEventMetrics({
    eventName: "outer",
    taskId: 1,
    startTime: NOON,
    endTime: NOON + 5,
    error: new RangeError("too long"),
    traceId: "a".repeat(32),
    recordId: "outer",
    attributes: attributes(publisher),
  });
  publishInner(publisher, "last");
  expect(await publisher.flush()).toMatchObject({ status: "complete", dropped: 0, pending: 0 });
  return [...server.indices.keys()].toSorted().map((index) => {
    const { inner: _, ...others } = server.documents(index);
    return [index, others];
  });
}

test.each([{}, { indexPrefix: "daily" }])(
  "a getter that publishes changes nothing of the document it stands in (%j)",
  async (mode) => {
    const expected = await storedWith(mode, () => ({ first: 1, second: 2, third: 3 }));
    const seen = await storedWith(mode, (publisher) => ({
      first: 1,
      get second() {
        publishInner(publisher, "inner");
        return 2;
      },
      third: 3,
    }));
    expect(seen).toEqual(expected);
  },
);
