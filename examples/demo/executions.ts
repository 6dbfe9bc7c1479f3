import { createHash, randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { MetricsPublisher } from "@eventmeter/core";
import { type FileClient, RefusedError } from "./fetch-file.ts";
import type { Tally } from "./tally.ts";
import type { PackageFolder } from "./walk.ts";

/** How often one file is asked for again. */
export const MAX_RETRIES = 3;
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

/** What an execution took so far, over all its files. */
interface Effort {
  retries: number;
  /** Whether the time was over before it was done. */
  cut: boolean;
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
  const effort: Effort = { retries: 0, cut: false };
  let error: unknown;
  try {
    await inParallel(wanted, async (path) => {
      const content = await fetchPatiently(path, { taskId, eventName }, workshop, effort);
      if (content === undefined) effort.cut = true;
      else await step(content, path);
    });
  } catch (caught) {
    error = caught;
    workshop.onFailure(eventName, name, caught);
  }
  const endTime = performance.timeOrigin + performance.now();
  const status = effort.cut && error === undefined ? "cancelled" : undefined;
  metrics.publishEventMetrics({
    eventName,
    taskId,
    startTime,
    endTime,
    status,
    error,
    retryCount: effort.retries,
    processId: process.pid,
    attributes: { package: name, files: wanted.length },
  });
  tally.add(eventName, endTime - startTime, error !== undefined, effort.retries);
}

/** Fetches a file, several times if need be; undefined if the time is over. */
async function fetchPatiently(
  path: string,
  cause: { readonly taskId: string; readonly eventName: string },
  { client, signal }: Workshop,
  effort: Effort,
): Promise<Buffer | undefined> {
  for (let retry = 0; !signal.aborted; retry += 1) {
    if (retry > 0) effort.retries += 1;
    try {
      return await client.fetch(path, cause);
    } catch (error) {
      if (error instanceof RefusedError || retry === MAX_RETRIES) throw error;
    }
    await wait(FIRST_WAIT_MS * 2 ** retry * Math.random());
  }
  return undefined;
}

/** Works on several paths at a time; after a failure none is begun, and what is under way is waited for. */
async function inParallel(paths: readonly string[], work: (path: string) => Promise<unknown>): Promise<void> {
  const left = paths.values();
  const failures: unknown[] = [];
  async function lane(): Promise<void> {
    for (const path of left) {
      if (failures.length > 0) return;
      await work(path).catch((error: unknown) => failures.push(error));
    }
  }
  await Promise.all(Array.from({ length: PARALLEL_FILES }, lane));
  if (failures.length > 0) throw failures[0];
}
