import { SeriesStore } from "@eventmeter/aggregation";
import { createEventFields, createNetworkFields, readEvent, readNetwork } from "@eventmeter/core/publisher";
import { expect, test } from "vitest";
import { counters, histograms, START } from "./sample-records.ts";

const LONG = "x".repeat(2_000);

test("a record that a getter publishes keeps its labels and repairs to itself, and so does the outer one", () => {
  const store = new SeriesStore({ labels: { event: ["a", "b"] } });
  // One object for all records, as a publisher has it.
  const fields = createEventFields("series");
  const repairs: number[] = [];
  const publish = (eventName: string, attributes: object): void => {
    readEvent({ eventName, taskId: "t", startTime: START, endTime: START, attributes: attributes as never }, fields);
    store.addEvent(fields);
    repairs.push(fields.repaired);
  };
  for (let round = 0; round < 2; round += 1)
    publish("outer", {
      get a() {
        publish("inner", { a: LONG, b: LONG });
        return "outer-a";
      },
      b: "outer-b",
    });
  expect(histograms(store).map(({ labels: { event_name, a, b }, count }) => [event_name, a?.length, b, count])).toEqual(
    [
      ["inner", 1_024, LONG.slice(0, 1_024), 2],
      ["outer", 7, "outer-b", 2],
    ],
  );
  expect(repairs).toEqual([2, 0, 2, 0]);
});

test("the same holds for network operations", () => {
  const store = new SeriesStore({ labels: { network: ["a", "b"] } });
  const fields = createNetworkFields("series");
  const publish = (operation: string, attributes: object): void => {
    const times = { startTime: START, endTime: START };
    const record = { operation, host: "h", port: 1, bytesSent: 1, bytesReceived: 0, ...times };
    readNetwork({ ...record, attributes: attributes as never }, fields);
    store.addNetwork(fields);
  };
  publish("outer", {
    get a() {
      publish("inner", { a: "inner-a", b: "inner-b" });
      return "outer-a";
    },
    b: "outer-b",
  });
  const sent = counters(store, "network_bytes_total").filter(({ labels }) => labels["direction"] === "sent");
  expect(sent.map(({ labels: { operation, a, b } }) => [operation, a, b])).toEqual([
    ["inner", "inner-a", "inner-b"],
    ["outer", "outer-a", "outer-b"],
  ]);
});

test.each(["event", "network"] as const)("a hole among the labels of kind %s is a wrong option", (kind) => {
  const hole: unknown[] = [];
  hole.length = 1;
  expect(() => new SeriesStore({ labels: { [kind]: hole as string[] } })).toThrow(
    expect.objectContaining({ code: "options" }),
  );
});
