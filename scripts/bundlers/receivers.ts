// The backends of the trials, in this process: what each program sent arrives here.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { openFakeElasticsearch } from "../../packages/publisher-elasticsearch/test/fake-elasticsearch.ts";

/** An Elasticsearch and a receiver of OTLP on 127.0.0.1. */
export interface Receivers extends AsyncDisposable {
  readonly elasticsearchUrl: string;
  readonly otlpUrl: string;
  /** Returns how many documents of a trial are stored. */
  documents(trial: string): number;
  /** Returns whether series of a trial arrived. */
  hasSeries(trial: string): boolean;
}

/** Opens both on free ports. */
export async function openReceivers(): Promise<Receivers> {
  const elasticsearch = await openFakeElasticsearch();
  const bodies: string[] = [];
  const otlp = createServer((request, response) => {
    buffer(request).then(
      (body) => {
        const isGzip = request.headers["content-encoding"] === "gzip";
        bodies.push((isGzip ? gunzipSync(body) : body).toString("latin1"));
        response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
      },
      () => response.destroy(),
    );
  });
  otlp.listen(0, "127.0.0.1");
  await once(otlp, "listening");
  return {
    elasticsearchUrl: elasticsearch.url,
    otlpUrl: `http://127.0.0.1:${(otlp.address() as AddressInfo).port}`,
    documents(trial) {
      const streams = ["event", "network"].map((kind) => `metrics-eventmeter.${kind}-${trial}`);
      return streams.flatMap((stream) => Object.keys(elasticsearch.documents(stream))).length;
    },
    hasSeries: (trial) => bodies.some((body) => body.includes(trial)),
    async [Symbol.asyncDispose]() {
      otlp.closeAllConnections();
      otlp.close();
      await elasticsearch[Symbol.asyncDispose]();
    },
  };
}
