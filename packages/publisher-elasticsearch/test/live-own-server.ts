import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../../test/free-port.ts";
import { waitFor } from "./live-elasticsearch.ts";

// Servers that a test starts and ends itself come from the script `elasticsearch/elasticsearch` of this folder.
const backends = process.env["EVENTMETER_BACKENDS"] ?? join(import.meta.dirname, "../../../../shared/backends");
const script = join(backends, "elasticsearch/elasticsearch");

/** Says why a test cannot start servers of its own here; undefined when it can. */
export const ownServerReason: string | undefined = existsSync(script)
  ? undefined
  : "no script to start Elasticsearch with: set EVENTMETER_BACKENDS to its folder";

/** A server of one test, on a port and with data of its own; disposing ends it and removes the data. */
export interface OwnServer extends AsyncDisposable {
  readonly url: string;
  /** Ends it with SIGKILL, as a power cut would; the data stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data; resolves when it answers. */
  restart(): Promise<void>;
}

const run = promisify(execFile);

/** Starts a server. @param settings node settings, such as `http.max_content_length` */
export async function startOwnServer(
  major: "9" | "8",
  settings: Readonly<Record<string, string>> = {},
): Promise<OwnServer> {
  if (ownServerReason !== undefined) throw new Error(ownServerReason);
  const folder = await mkdtemp(join(tmpdir(), "eventmeter-elasticsearch-"));
  const port = await freePort();
  const environment = {
    ...process.env,
    // The script keeps one server a version in its cache: a cache of our own makes room for a second one.
    XDG_CACHE_HOME: folder,
    ES_DATA: join(folder, "data"),
    ES_HEAP: "512m",
    ES_SETTINGS: Object.entries(settings)
      .map(([name, value]) => `${name}=${value}`)
      .join(" "),
  };
  await shareHomes(join(folder, "eventmeter-backends"), major);
  const pidFile = join(folder, "eventmeter-backends/run", `elasticsearch-${major}`, "pid");
  let pid = 0;
  // A test run that is interrupted leaves no server behind.
  const onExit = (): void => void (pid > 0 && isAlive(pid) && process.kill(pid, "SIGKILL"));
  process.once("exit", onExit);

  async function start(): Promise<string> {
    const { stdout } = await run(script, ["start", major, String(port)], { env: environment, timeout: 180_000 });
    pid = Number(await readFile(pidFile, "utf8"));
    return stdout.trim();
  }

  async function kill(): Promise<void> {
    process.kill(pid, "SIGKILL");
    await waitFor(() => !isAlive(pid));
  }

  async function remove(): Promise<void> {
    process.off("exit", onExit);
    await run(script, ["stop", major], { env: environment, timeout: 60_000 });
    await rm(folder, { recursive: true, force: true });
  }

  try {
    return { url: await start(), kill, restart: async () => void (await start()), [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Programs that were downloaded once are used again, whatever the cache. */
async function shareHomes(cache: string, major: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const known = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "eventmeter-backends");
  const names = existsSync(known) ? await readdir(known) : [];
  for (const name of names)
    if (name.startsWith(`elasticsearch-${major}.`) && existsSync(join(known, name, ".complete")))
      await symlink(join(known, name), join(cache, name));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
