import type { CommonOptions, MetricsPublisher } from "@eventmeter/core";
import { conformanceCases } from "@eventmeter/testkit";
import { describe, test } from "vitest";
import { createSeriesPublisher, type SendSnapshot } from "../src/index.ts";

function create(send: SendSnapshot): (options: CommonOptions) => MetricsPublisher {
  return (options) => {
    let records = 0;
    let time = 0;
    const count = (): void => void (records += 1);
    return createSeriesPublisher(
      {
        name: "counting",
        // The real clock may stand still between two snapshots, which would make a flush wait for its next millisecond.
        series: { addEvent: count, addNetwork: count, bytes: 8, snapshot: () => ({ time: (time += 1), records }) },
        encode: (snapshot) => Buffer.from(String(snapshot.records)),
        send,
      },
      options,
    );
  };
}

describe("a series publisher keeps the contract", () => {
  for (const { name, run } of conformanceCases({
    create: create(() => ({ kind: "delivered" })),
    stalled: create(() => new Promise(() => undefined)),
    failing: create(() => ({ kind: "retry" })),
  }))
    test(name, run);
});
