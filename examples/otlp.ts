// Series as one OTLP request: how large it is, and what a receiver says to it when its URL is given.
import { randomUUID } from "node:crypto";
import { SeriesStore } from "@eventmeter/aggregation";
import { createEventFields, readEvent } from "@eventmeter/core/publisher";
import { createMetricsEncoder, readExportResponse, resourceAttributes } from "@eventmeter/otlp";

const encoder = createMetricsEncoder({
  resource: resourceAttributes({ serviceName: "shop", serviceInstanceId: randomUUID() }),
  scope: { name: "shop-metrics", version: "1.0.0" },
});

const store = new SeriesStore();
const fields = createEventFields("series");
const endTime = Date.now();
const record = { eventName: "invoice", taskId: "t-1", startTime: endTime - 250, endTime, retryCount: 1 };
if (readEvent(record, fields)) store.addEvent(fields);

const body = await encoder.encode(store.snapshot());
console.log(`${body.length} bytes`);

const url = process.argv[2]; // of a Collector: http://127.0.0.1:4318/v1/metrics
if (url !== undefined && body.length > 0) {
  const headers = { "content-type": "application/x-protobuf" };
  const response = await fetch(url, { method: "POST", headers, body, redirect: "manual" });
  const answer = new Uint8Array(await response.arrayBuffer());
  console.log(response.status, response.ok ? readExportResponse(answer) : "rejected");
}
// 659 bytes
// 200 { rejectedDataPoints: 0, errorMessage: '' }
