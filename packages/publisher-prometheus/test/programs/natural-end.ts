// A program that ends by itself: a server that listens and an idle connection to it do not hold it.
import { once } from "node:events";
import { connect } from "node:net";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";

const publisher = new PrometheusPublisher({ port: 0, processMetrics: true });
await publisher.start();
const response = await fetch(publisher.url ?? "");
await response.text();
const idle = connect(Number(new URL(publisher.url ?? "").port), "127.0.0.1");
await once(idle, "connect");
idle.unref();
console.log(response.status);
