/* oxlint-disable no-await-in-loop -- polling is a sequence */
import { setTimeout as delay } from "node:timers/promises";

/** One stored series: all samples of a range, oldest first; times in seconds. */
export interface StoredSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly { readonly time: number; readonly value: number }[];
}

/** The stored exemplars of one series. */
export interface StoredExemplars {
  readonly seriesLabels: Readonly<Record<string, string>>;
  readonly exemplars: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: string }[];
}

const url = (process.env["PROMETHEUS_URL"] ?? "").replace(/\/+$/, "");

/** Base address of the server's OTLP receiver. */
export const otlpEndpoint = `${url}/api/v1/otlp`;

/** Says why tests against a real Prometheus cannot run here; undefined when they can. */
export const liveReason: string | undefined =
  url === "" ? "no Prometheus: set PROMETHEUS_URL to one with --web.enable-otlp-receiver" : undefined;

async function ask<Data>(path: string, parameters: Readonly<Record<string, string>>): Promise<Data> {
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`, {
    signal: AbortSignal.timeout(10_000),
  });
  const answer = (await response.json()) as { status: string; error?: string; data: Data };
  if (answer.status !== "success") throw new Error(`${path}: ${answer.error}`);
  return answer.data;
}

/** Reads the samples of the last ten minutes as they are stored. */
export async function rawSeries(selector: string): Promise<readonly StoredSeries[]> {
  const { result } = await ask<{ result: readonly { metric: Record<string, string>; values: [number, string][] }[] }>(
    "query",
    { query: `${selector}[10m]` },
  );
  return result.map(({ metric, values }) => ({
    labels: metric,
    samples: values.map(([time, value]) => ({ time, value: Number(value) })),
  }));
}

/** Evaluates a query that gives one number. */
export async function numberOf(query: string): Promise<number> {
  const { result } = await ask<{ result: readonly { value: [number, string] }[] }>("query", { query });
  return Number(result[0]?.value[1]);
}

/** Reads the exemplars of the last hour. */
export function exemplarsOf(query: string): Promise<readonly StoredExemplars[]> {
  const end = Date.now() / 1000 + 60;
  return ask("query_exemplars", { query, start: String(end - 3600), end: String(end) });
}

/** Asks every 100 ms until the condition holds; rejects after 30 s. */
export async function waitFor<Value>(condition: () => Promise<Value | undefined | false>): Promise<Value> {
  for (let left = 300; left > 0; left -= 1) {
    const found = await condition();
    if (found !== undefined && found !== false) return found;
    await delay(100);
  }
  throw new Error(`not so within 30 s: ${condition.toString()}`);
}
