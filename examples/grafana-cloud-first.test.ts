import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { openCloud, TOKEN } from "../packages/publisher-grafana-cloud/test/fake-cloud.ts";
import { runExample } from "./run-example.ts";

test("examples/grafana-cloud-first.ts pushes its event to the stack and ends", async () => {
  await using cloud = await openCloud();
  const run = await runExample("grafana-cloud-first.ts", {
    GRAFANA_CLOUD_ENDPOINT: cloud.otlpUrl,
    GRAFANA_CLOUD_INSTANCE_ID: "123456",
    GRAFANA_CLOUD_API_KEY: TOKEN,
  });
  expect(run).toEqual({ output: "complete 1\n", faults: "", code: 0 });
  const [check, push, ...others] = cloud.pushed;
  expect([check?.body.length, others]).toEqual([0, []]);
  expect(push?.headers["authorization"]).toBe(`Basic ${Buffer.from(`123456:${TOKEN}`).toString("base64")}`);
  const body = gunzipSync(push?.body ?? new Uint8Array()).toString("latin1");
  for (const word of ["event_duration_seconds", "invoice", "completed", "first-steps"]) expect(body).toContain(word);
});

test("it names the values that are missing", async () => {
  const missing = { GRAFANA_CLOUD_ENDPOINT: "", GRAFANA_CLOUD_INSTANCE_ID: "", GRAFANA_CLOUD_API_KEY: "" };
  const { faults, code } = await runExample("grafana-cloud-first.ts", missing);
  expect(code).toBe(1);
  for (const name of ["endpoint", "instanceId", "apiKey"]) expect(faults).toContain(`\n  ${name}: `);
});
