import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { lineValue } from "./publisher-harness.ts";

const MIB = 1_048_576;

/** Opens a connection that asks for the page, in one of the forms that there are, and reads none of it. */
function askOnly(port: number, at: number): void {
  const socket: Socket = connect(port, "127.0.0.1").pause();
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  const format = at % 2 === 0 ? "text/plain" : "application/openmetrics-text";
  const timeout = `X-Prometheus-Scrape-Timeout-Seconds: ${1 + (at % 10)}`;
  socket.write(`GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: ${format}\r\n${timeout}\r\n\r\n`);
}

/** Asks the program for the most memory that it has ever had, in bytes, and for what its publisher has reported. */
async function ask(child: ChildProcess): Promise<{ readonly rss: number; readonly messages: readonly string[] }> {
  child.send("memory");
  const [answer] = await once(child, "message");
  return answer;
}

test("200 scrapers that do not read cost little memory, and honest ones get their pages", async () => {
  const program = fileURLToPath(new URL("./programs/unread-pages.ts", import.meta.url));
  const child = fork(program, { execArgv: ["--conditions=@eventmeter/source", "--max-old-space-size=256"] });
  onTestFinished(() => void child.kill());
  const [url] = (await once(child, "message")) as [string];
  const countOnPage = async (): Promise<number | undefined> =>
    lineValue(
      await (await fetch(url)).text(),
      'event_duration_seconds_count{event_name="import of customer 9999",status="completed"}',
    );
  const honest = [await countOnPage()];
  const before = await ask(child);
  for (let count = 0; count < 200; count += 1) {
    askOnly(Number(new URL(url).port), count);
    // Slowly, so that each of them would get a page of its own.
    await delay(20);
    if (count % 80 === 79) honest.push(await countOnPage());
  }
  const after = await ask(child);
  expect(honest).toEqual([1, 1, 1]);
  expect(after.rss / MIB).toBeLessThan(256);
  // A page has 17 MiB: without a bound, the clients of any ten seconds hold all that were made in them.
  expect((after.rss - before.rss) / MIB).toBeLessThan(100);
  expect(after.messages[0]).toMatch(/^prometheus: a client did not read the page, and the connection was ended: /);
}, 60_000);
