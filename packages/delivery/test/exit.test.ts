import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createFaultServer, type FaultReply } from "@eventmeter/testkit";
import { expect, test } from "vitest";
import { FULL } from "./push-harness.ts";
import { CLIENT_NAMES, type ClientName } from "./wire-harness.ts";

const CHILDREN = FULL ? 20 : 3;
const IDLE_MS = 50;
const SEND_TIMEOUT_MS = 300;
const PROGRAM = fileURLToPath(new URL("./programs/exit.ts", import.meta.url));

/** How a program is when its code ends. */
interface Scenario {
  readonly reply?: FaultReply;
  readonly refused?: boolean;
  readonly startFails?: boolean;
  readonly stop: "delivered" | "queued" | "failed" | "in-flight";
  readonly pending: number;
  /** Whether a request is in flight then. */
  readonly busy?: boolean;
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "nothing waits": { stop: "delivered", pending: 0 },
  "records are being gathered": { stop: "queued", pending: 10 },
  "a start is to be tried again": { stop: "failed", startFails: true, pending: 10 },
  "a refused connection is to be tried again": { stop: "failed", refused: true, pending: 10 },
  "a Retry-After of an hour is waited for": {
    stop: "failed",
    reply: { status: 503, headers: { "retry-after": "3600" } },
    pending: 10,
  },
  "a refused key is to be looked at again": { stop: "failed", reply: { status: 401 }, pending: 10 },
  "a reply never comes": { stop: "in-flight", reply: { fault: "hang" }, pending: 10, busy: true },
  "a reply comes byte by byte": {
    stop: "in-flight",
    reply: { fault: "drip", body: "x".repeat(1_000), intervalMs: 10 },
    pending: 10,
    busy: true,
  },
};

interface Told {
  readonly wentOnMs: number;
  readonly waitedMs: number;
  readonly delivered: number;
  readonly pending: number;
}

async function runProgram(client: ClientName, { reply = {}, refused, startFails, stop }: Scenario): Promise<Told> {
  await using server = await createFaultServer(reply);
  if (refused === true) await server.refuse();
  const program = ["--conditions=@eventmeter/source", "--unhandled-rejections=strict", PROGRAM];
  const told = [server.url, client, stop, String(startFails ?? false), String(SEND_TIMEOUT_MS)];
  const run = promisify(execFile);
  const { stdout, stderr } = await run(process.execPath, [...program, ...told], { timeout: 5_000 });
  expect(stderr).toBe("");
  return JSON.parse(stdout) as Told;
}

/** Where nothing is in flight the client makes no difference but for what it keeps open. */
const PLAYS = Object.entries(SCENARIOS).flatMap(([name, scenario]) =>
  CLIENT_NAMES.filter((client) => client === "fetch" || scenario.busy === true || scenario.stop === "delivered").map(
    (client) => ({ name, client, scenario }),
  ),
);

test.each(PLAYS)("a program ends that does not close, while $name ($client)", { timeout: 120_000 }, async (play) => {
  const { client, scenario } = play;
  // A fetch holds the process for as long as it lasts; a socket that is unref'd does not.
  const limitMs = IDLE_MS + (scenario.busy === true && client === "fetch" ? SEND_TIMEOUT_MS : 0);
  // On a machine that is busy a program takes its time to end, but it waits for nothing.
  const rounds = FULL ? CHILDREN : 1;
  for (let round = 0; round < rounds; round += 1) {
    const together = Array.from({ length: CHILDREN / rounds }, () => runProgram(client, scenario));
    for (const { wentOnMs, waitedMs, pending, delivered } of await Promise.all(together)) {
      expect({ pending, delivered }).toEqual({ pending: scenario.pending, delivered: 10 - scenario.pending });
      expect(FULL ? wentOnMs : waitedMs).toBeLessThanOrEqual(limitMs);
    }
  }
});
