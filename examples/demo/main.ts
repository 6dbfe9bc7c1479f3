// Real work, published: walks a folder of packages, fetches their files over a server that has limits, hashes and compresses them.
import { fileURLToPath } from "node:url";
import { isPublisherError, type MetricsPublisher } from "@eventmeter/core";
import { errorTypeOf } from "@eventmeter/core/publisher";
import { CompositePublisher } from "@eventmeter/publisher-composite";
import { type DemoOptions, readArguments, USAGE, UsageError } from "./arguments.ts";
import { createBackends } from "./backends.ts";
import { MAX_RETRIES, workOn } from "./executions.ts";
import { createFileClient } from "./fetch-file.ts";
import { startFileServer } from "./file-server.ts";
import { showLiveLine } from "./live-line.ts";
import { addsUp, summaryText } from "./summary.ts";
import { createTally } from "./tally.ts";
import { type PackageFolder, packagesIn } from "./walk.ts";

const DEFAULT_DIR = fileURLToPath(new URL("../../node_modules", import.meta.url));
/** From the request to the last byte of one file. */
const DEADLINE_MS = 250;
/** Connections that the server takes for each job, which opens up to four. */
const CONNECTIONS_PER_JOB = 3;

async function demo(options: DemoOptions): Promise<void> {
  const { dir, forMs, jobs } = options;
  await firstOf(packagesIn(dir));
  let note = (text: string): void => console.error(text);
  const listener = ({ message }: { readonly message: string }): void => note(message);
  const { page, own, all } = createBackends(options, process.env, { onError: listener, onDiagnostic: listener });
  const metrics = new CompositePublisher(all);
  page.watch(metrics);
  for (const publisher of own) await publisher.start?.();

  const over = new AbortController();
  const end = (): void => over.abort();
  const timer = setTimeout(end, forMs);
  // A terminal and a script runner may both pass one Ctrl-C on: a second one changes nothing.
  process.on("SIGINT", end);
  // Whoever read the output has gone, as `head` does: nobody is left to work for.
  process.stdout.on("error", end);

  const tally = createTally();
  {
    await using server = await startFileServer(dir, jobs * CONNECTIONS_PER_JOB);
    using client = createFileClient(server.port, DEADLINE_MS, metrics);
    console.log(
      `page      ${page.url}\n${remotes(all.slice(own.length))}records   ${options.ndjson}\nworking   ${dir} with ${jobs} jobs, Ctrl-C ends it\nfailures  are real and wanted: ${DEADLINE_MS} ms a file, ${jobs * CONNECTIONS_PER_JOB} connections, ${MAX_RETRIES} retries\n`,
    );
    using line = showLiveLine({ tally, client, metrics, output: process.stdout });
    ({ note } = line);
    const onFailure = (eventName: string, folder: string, error: unknown): void =>
      note(`failed: ${eventName} ${folder}: ${errorTypeOf(error) ?? "unknown"}: ${(error as Error).message}`);
    const folders = roundAndRound(dir, over.signal);
    const workshop = { client, metrics, tally, signal: over.signal, onFailure };
    const job = async (): Promise<void> => {
      for await (const folder of folders) await workOn(folder, workshop);
    };
    await Promise.all(Array.from({ length: jobs }, job));
  }
  clearTimeout(timer);

  console.log("closing   up to 5 s for what is still on its way");
  const report = await metrics.close();
  const health = metrics.health();
  console.log(`\n${summaryText(tally, health)}\n\nclosed: ${report.status}`);
  if (health.children?.some(({ dropped }) => dropped > 0) === true)
    console.log("composite counts what it handed on: what became of it is in the rows of the others");
  if (![health, ...(health.children ?? [])].every(addsUp)) process.exitCode = 1;
  process.off("SIGINT", end);
}

/** Names the backends of the environment, where there are any. */
function remotes(publishers: readonly MetricsPublisher[]): string {
  return publishers.length === 0 ? "" : `also to   ${publishers.map(({ name }) => name).join(", ")}\n`;
}

async function firstOf(folders: AsyncGenerator<PackageFolder>): Promise<void> {
  const { done } = await folders.next();
  if (done === true)
    throw new UsageError("--dir takes a folder with packages in it, and there is no package.json below this one");
}

/** Gives the packages of a folder again and again until the time is over. */
async function* roundAndRound(dir: string, signal: AbortSignal): AsyncGenerator<PackageFolder> {
  while (!signal.aborted) {
    for await (const folder of packagesIn(dir)) {
      if (signal.aborted) return;
      yield folder;
    }
  }
}

if (process.argv.includes("--help")) {
  console.log(`demo: ${USAGE}`);
  process.exit();
}
try {
  await demo(readArguments(process.argv.slice(2), DEFAULT_DIR));
} catch (error) {
  if (!(error instanceof UsageError) && !isPublisherError(error)) throw error;
  // A composite names each publisher that did not start on a line of its own, below a headline.
  const [first = "", ...further] = error.message.split("\n");
  const lines = error instanceof UsageError || further.length === 0 ? [first, ...further] : further;
  for (const line of lines) console.error(`demo: ${line.trim()}`);
  process.exitCode = 2;
}
