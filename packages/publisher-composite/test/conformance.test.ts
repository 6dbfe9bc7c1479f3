import { type CommonOptions, createPublisher, type MetricsPublisher } from "@eventmeter/core";
import { CompositePublisher } from "@eventmeter/publisher-composite";
import { conformanceCases } from "@eventmeter/testkit";
import { test } from "vitest";

const over =
  (handle: () => unknown) =>
  (options: CommonOptions): MetricsPublisher => {
    const composite = new CompositePublisher([], options);
    for (const name of ["first-child", "second-child"]) {
      composite.add(createPublisher({ name, event: handle, network: handle }, { ...options, name }));
    }
    return composite;
  };

const suite = conformanceCases({
  create: over(() => undefined),
  stalled: over(() => new Promise(() => {})),
  failing: over(() => {
    throw new Error("rejected");
  }),
});

for (const { name, run } of suite) test(name, run);
