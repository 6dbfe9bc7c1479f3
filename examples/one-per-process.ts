// One publisher per process, however often a framework evaluates this module.
import { closeOnExit, oncePerProcess } from "@eventmeter/core";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";

export const metrics = oncePerProcess("shop:metrics", () => {
  const publisher = new PrometheusPublisher();
  closeOnExit(publisher);
  return publisher;
});
