import { createHash, randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { MetricsPublisher } from "@eventmeter/core";
import { type FileClient, RefusedError } from "./fetch-file.ts";
import type { Tally } from "./tally.ts";
import type { PackageFolder } from "./walk.ts";

const MAX_RETRIES = 3;
const FIRST_WAIT_MS = 10;
/** Files that one execution fetches at a time. */
const PARALLEL_FILES = 4;

/** What executions work with. */
export interface Workshop {
  readonly client: FileClient;
  readonly metrics: MetricsPublisher;
  readonly tally: Tally;
  /** Aborts when the time is over. */
  readonly signal: AbortSignal;
  /** Hears of each execution that failed. */
  readonly onFailure: (eventName: string, folder: string, error: unknown) => void;
}

type Step = (content: Buffer, path: string) => unknown;

/** Does everything there is to do with one package: three executions, one after the other. */
export async function workOn(folder: PackageFolder, workshop: Workshop): Promise<void> {
  const compress = promisify(gzip);
  await execute("scan", folder, workshop, (content, path) => path.endsWith(".json") && JSON.parse(content.toString()));
  await execute("hash", folder, workshop, (content) => createHash("sha256").update(content).digest("hex"));
  await execute("compress", folder, workshop, (content) => compress(content));
}

async function execute(
  eventName: string,
  { name, files }: PackageFolder,
  workshop: Workshop,
  step: Step,
): Promise<void> {
  const { signal, metrics, tally } = workshop;
  if (signal.aborted) return;
  const taskId = randomUUID();
  const startTime = performance.timeOrigin + performance.now();
  // A scan reads what describes the package; the other two read all of it.
  const wanted = eventName === "scan" ? files.filter((path) => path.endsWith("package.json")) : files;
  const attempts = { retries: 0 };
  let error: unknown;
  try {
    await inParallel(wanted, async (path) => {
      const content = await fetchPatiently(path, { taskId, eventName }, workshop, attempts);
      if (content !== undefined) await step(content, path);
    });
  } catch (caught) {
    error = caught;
    workshop.onFailure(eventName, name, caught);
  }
  const endTime = performance.timeOrigin + performance.now();
  const status = signal.aborted && error === undefined ? "cancelled" : undefined;
  metrics.publishEventMetrics({
    eventName,
    taskId,
    startTime,
    endTime,
    status,
    error,
    retryCount: attempts.retries,
    processId: process.pid,
    attributes: { package: name, files: wanted.length },
  });
  tally.add(eventName, endTime - startTime, error !== undefined, attempts.retries);
}

/** Fetches a file, several times if need be; undefined if the time is over. */
async function fetchPatiently(
  path: string,
  cause: { readonly taskId: string; readonly eventName: string },
  { client, signal }: Workshop,
  attempts: { retries: number },
): Promise<Buffer | undefined> {
  for (let retry = 0; !signal.aborted; retry += 1) {
    try {
      return await client.fetch(path, cause);
    } catch (error) {
      if (error instanceof RefusedError || retry === MAX_RETRIES) throw error;
      attempts.retries += 1;
      await wait(FIRST_WAIT_MS * 2 ** retry * Math.random());
    }
  }
  return undefined;
}

async function inParallel(paths: readonly string[], work: (path: string) => Promise<unknown>): Promise<void> {
  const left = paths.values();
  async function lane(): Promise<void> {
    for (const path of left) await work(path);
  }
  await Promise.all(Array.from({ length: PARALLEL_FILES }, lane));
}
