// A program that the page keeps running, until it is closed.
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";

const publisher = new PrometheusPublisher({ port: 0, holdProcess: true });
await publisher.start();
console.log(publisher.url);
process.stdin.once("data", () => {
  process.stdin.destroy();
  void publisher.close();
});
process.stdin.unref();
