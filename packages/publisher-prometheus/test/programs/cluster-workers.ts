// Two workers that want the same port: the second one is told why it gets none.
import cluster from "node:cluster";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";

if (cluster.isPrimary) {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  holder.close();
  await once(holder, "close");
  const first = cluster.fork({ PAGE_PORT: port });
  await once(first, "message");
  const second = cluster.fork({ PAGE_PORT: port });
  const [message] = (await once(second, "message")) as [string];
  console.log(message);
  for (const worker of [first, second]) worker.disconnect();
} else {
  const publisher = new PrometheusPublisher({ port: Number(process.env["PAGE_PORT"]), onError: () => {} });
  try {
    await publisher.start();
    process.send?.(new URL(publisher.url ?? "").port);
  } catch (caught) {
    process.send?.((caught as Error).message);
  }
}
