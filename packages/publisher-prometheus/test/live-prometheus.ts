/* oxlint-disable no-await-in-loop -- polling is a sequence */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "../../../test/free-port.ts";

/** One series of an instant query; `labels` holds `__name__` too, `timestamp` is in seconds. */
export interface InstantSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly timestamp: number;
  readonly value: number;
}

/** All stored samples of one series within a range, oldest first. */
export interface RawSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly { readonly timestamp: number; readonly value: number }[];
}

/** The stored exemplars of one series. */
export interface StoredExemplars {
  readonly labels: Readonly<Record<string, string>>;
  readonly exemplars: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
    readonly timestamp: number;
  }[];
}

/** How the last scrape of a target went; `target` is host:port, `lastError` is "" when it went well. */
export interface TargetHealth {
  readonly target: string;
  readonly health: string;
  readonly lastError: string;
}

/** A real Prometheus that scrapes the given targets every second. */
export interface LivePrometheus extends AsyncDisposable {
  readonly url: string;
  /** Evaluates a query that gives an instant vector. */
  instantVector(query: string): Promise<readonly InstantSample[]>;
  /** Reads the samples as they are stored; `range` as in PromQL, such as "5m". */
  rawSamples(selector: string, range: string): Promise<readonly RawSeries[]>;
  /** Reads the exemplars of the last hour. */
  exemplars(query: string): Promise<readonly StoredExemplars[]>;
  targetHealth(): Promise<readonly TargetHealth[]>;
  /** Ends the server if it was started here; disposing does the same. */
  stop(): Promise<void>;
}

// PROMTOOL is a command line. In `<control> promtool` the control program also knows `start PORT TARGET ...`, which
// prints the address of a new server, and `stop PORT`.
const promtool = (process.env["PROMTOOL"] ?? "").split(/\s+/).filter((word) => word !== "");
const control = promtool.length > 1 && promtool.at(-1) === "promtool" ? promtool.slice(0, -1) : undefined;
const sharedUrl = process.env["PROMETHEUS_URL"];

/** Says why tests against a real Prometheus cannot run here; undefined when they can. */
export const liveReason: string | undefined =
  control === undefined && (sharedUrl === undefined || sharedUrl === "")
    ? "no Prometheus: set PROMTOOL to a command line `<control> promtool`, or PROMETHEUS_URL"
    : undefined;

/** Says why pages cannot be linted here; undefined when they can. */
export const promtoolReason: string | undefined =
  promtool.length === 0 ? "no promtool: set PROMTOOL to its command line" : undefined;

const run = promisify(execFile);

async function runControl(...words: readonly string[]): Promise<string> {
  const [program = "", ...first] = control ?? [];
  const { stdout } = await run(program, [...first, ...words], { timeout: 60_000 });
  return stdout.trim();
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw new TypeError(`expected an object: ${JSON.stringify(value)}`);
  return value;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`expected a list: ${JSON.stringify(value)}`);
  return value;
}

function labels(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(record(value)).map(([name, text_]) => [name, String(text_)]));
}

/** Prometheus prints values as strings, with `+Inf` where JavaScript says `Infinity`. */
function number(value: unknown): number {
  return Number(String(value).replace("Inf", "Infinity"));
}

function sample(value: unknown): { timestamp: number; value: number } {
  const [timestamp, reading] = list(value);
  return { timestamp: number(timestamp), value: number(reading) };
}

async function ask(url: string, path: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`, {
    signal: AbortSignal.timeout(10_000),
  });
  const answer = record(await response.json());
  if (answer["status"] !== "success") throw new Error(`${path}: ${String(answer["error"])}`);
  return answer["data"];
}

/** Query functions for a running Prometheus, and what ends it. */
function connectPrometheus(url: string, stop: () => Promise<void>): LivePrometheus {
  const query = async (text_: string, type: string): Promise<readonly unknown[]> => {
    const data = record(await ask(url, "query", { query: text_ }));
    if (data["resultType"] !== type) throw new Error(`${text_} gives a ${String(data["resultType"])}, no ${type}`);
    return list(data["result"]);
  };
  return {
    url,
    stop,
    [Symbol.asyncDispose]: stop,
    async instantVector(text_) {
      return (await query(text_, "vector")).map((entry) => {
        const { metric, value } = record(entry);
        const { timestamp, value: reading } = sample(value);
        return { labels: labels(metric), timestamp, value: reading };
      });
    },
    async rawSamples(selector, range) {
      return (await query(`${selector}[${range}]`, "matrix")).map((entry) => {
        const { metric, values } = record(entry);
        return { labels: labels(metric), samples: list(values).map((value) => sample(value)) };
      });
    },
    async exemplars(text_) {
      const end = Date.now() / 1000 + 60;
      const data = await ask(url, "query_exemplars", { query: text_, start: String(end - 3600), end: String(end) });
      return list(data).map((entry) => {
        const { seriesLabels, exemplars } = record(entry);
        return {
          labels: labels(seriesLabels),
          exemplars: list(exemplars).map((exemplar) => {
            const { labels: own, value, timestamp } = record(exemplar);
            return { labels: labels(own), value: number(value), timestamp: number(timestamp) };
          }),
        };
      });
    },
    async targetHealth() {
      const { activeTargets } = record(await ask(url, "targets", { state: "active" }));
      return list(activeTargets).map((entry) => {
        const { labels: own, health, lastError } = record(entry);
        return { target: labels(own)["instance"] ?? "", health: String(health), lastError: String(lastError) };
      });
    },
  };
}

/**
 * Starts a Prometheus of its own that scrapes `/metrics` of each target (host:port) every second. Where servers cannot
 * be started, the one at PROMETHEUS_URL is used and must scrape these targets already. Rejects when there is neither.
 */
export async function startPrometheus(options: { readonly targets: readonly string[] }): Promise<LivePrometheus> {
  if (liveReason !== undefined) throw new Error(liveReason);
  if (control !== undefined) {
    const port = String(await freePort());
    const url = await runControl("start", port, ...options.targets);
    let stopping: Promise<string> | undefined;
    return connectPrometheus(url, async () => {
      stopping ??= runControl("stop", port);
      await stopping;
    });
  }
  const prometheus = connectPrometheus((sharedUrl ?? "").replace(/\/+$/, ""), () => Promise.resolve());
  const known = new Set((await prometheus.targetHealth()).map(({ target }) => target));
  const unknown = options.targets.filter((target) => !known.has(target));
  if (unknown.length > 0) throw new Error(`the Prometheus at PROMETHEUS_URL does not scrape ${unknown.join(", ")}`);
  return prometheus;
}

/**
 * Asks every 100 ms until the condition gives something other than undefined or false, and resolves to it. Rejects
 * after `deadlineMs` with the last error of the condition as cause.
 */
export async function waitFor<T>(
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  deadlineMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  let cause: unknown;
  for (let left = Math.ceil(deadlineMs / 100); left > 0 && performance.now() < deadline; left -= 1) {
    try {
      const found = await condition();
      if (found !== undefined && found !== false) return found;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await delay(100);
  }
  throw new Error(`not so within ${deadlineMs} ms: ${condition.toString()}`, { cause });
}

/**
 * Lints a page with `promtool check metrics`, which understands text 0.0.4 only; a good page gives 0 and no output,
 * one that takes over 30 s gives -1. Its time grows with the square of the series of a family: keep them below 2,000.
 */
export async function promtoolCheckMetrics(
  page: string,
): Promise<{ readonly exitCode: number; readonly output: string }> {
  if (promtoolReason !== undefined) throw new Error(promtoolReason);
  const [program = "", ...words] = promtool;
  const child = spawn(program, [...words, "check", "metrics"], { stdio: ["pipe", "pipe", "pipe"], timeout: 30_000 });
  // promtool may end before it has read the whole page; its exit code tells more than the broken pipe.
  child.stdin.on("error", () => undefined);
  child.stdin.end(page);
  const [out, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { exitCode: typeof code === "number" ? code : -1, output: out + errors };
}
