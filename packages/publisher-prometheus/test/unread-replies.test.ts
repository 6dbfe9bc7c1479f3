import { createVirtualClock } from "@eventmeter/testkit";
import { describe, expect, test } from "vitest";
import { createReply, type ScrapeReply } from "../src/http/scrape-reply.ts";
import { UnreadReplies } from "../src/http/unread-replies.ts";
import { openPublisher, publishEvent } from "./publisher-harness.ts";

const KIB = 1_024;
const MIB = 1_024 * KIB;

function open(): {
  readonly clock: ReturnType<typeof createVirtualClock>;
  readonly unread: UnreadReplies;
  readonly messages: string[];
  readonly given: string[];
  readonly begin: (name: string, reply: ScrapeReply) => () => void;
} {
  const clock = createVirtualClock();
  const messages: string[] = [];
  const given: string[] = [];
  const unread = new UnreadReplies(clock, { error: (_code, message) => void messages.push(message) });
  const begin = (name: string, reply: ScrapeReply): (() => void) => unread.begin(reply, () => void given.push(name));
  return { clock, unread, messages, given, begin };
}

/** Creates the reply with a page of so many bytes, of which only the length matters. */
function pageOf(bytes: number, page?: ScrapeReply["page"]): ScrapeReply {
  return { ...createReply(200, "text/plain", [Buffer.allocUnsafeSlow(bytes)], {}), page };
}

describe("unread pages", () => {
  test("can hold 32 MiB beside the newest one; the client that began first makes room", () => {
    const { given, begin } = open();
    for (let count = 1; count <= 8; count += 1) begin(`client ${count}`, pageOf(8 * MIB));
    // Each client counts 64 KiB beside its page: four pages of 8 MiB are too many, three are not.
    expect(given).toEqual(["client 1", "client 2", "client 3", "client 4"]);
  });

  test("are counted once, however many clients share them", () => {
    const { given, begin } = open();
    const page = pageOf(30 * MIB);
    for (let count = 0; count < 20; count += 1) begin(`client ${count}`, page);
    begin("another", pageOf(MIB));
    expect(given).toEqual([]);
    for (let count = 0; count < 30; count += 1) begin(`late ${count}`, pageOf(0));
    expect(given.slice(0, 3)).toEqual(["client 0", "client 1", "client 2"]);
  });

  test("of clients that are done take no room", () => {
    const { given, begin } = open();
    for (let count = 0; count < 20; count += 1) begin(`client ${count}`, pageOf(30 * MIB))();
    expect(given).toEqual([]);
  });

  test("of 100 MiB do not end one another, as long as they are two", () => {
    const { given, begin } = open();
    begin("one", pageOf(100 * MIB));
    begin("other", pageOf(101 * MIB));
    expect(given).toEqual([]);
    begin("third", pageOf(100 * MIB));
    expect(given).toEqual(["one", "other"]);
  });

  test("have ten seconds", async () => {
    const { clock, given, begin } = open();
    begin("slow", pageOf(KIB));
    const done = begin("quick", pageOf(KIB));
    await clock.advance(9_999);
    expect(given).toEqual([]);
    done();
    await clock.advance(1);
    expect(given).toEqual(["slow"]);
    done();
    expect(clock.pendingTimers).toBe(1);
  });

  test("are reported at once, then once a minute with the number of clients, and at the close", async () => {
    const { clock, unread, messages, begin } = open();
    const limits = "a client has 10 s, and unread pages can take 32 MiB. Look for scrapers that are stuck";
    for (let count = 0; count < 5; count += 1) begin("slow", pageOf(KIB));
    await clock.advance(10_000);
    expect(messages).toEqual([`a client did not read the page, and the connection was ended: ${limits}`]);
    await clock.advance(60_000);
    expect(messages.slice(1)).toEqual([`4 clients did not read the page, and the connection was ended: ${limits}`]);
    begin("slow", pageOf(KIB));
    await clock.advance(10_000);
    expect(messages).toHaveLength(2);
    unread.settle();
    expect(messages.slice(2)).toEqual([`a client did not read the page, and the connection was ended: ${limits}`]);
    expect(clock.pendingTimers).toBe(0);
    unread.settle();
    await clock.advance(120_000);
    expect(messages).toHaveLength(3);
  });
});

describe("a page that a client is reading", () => {
  test("is shared for a second, by those who asked for the same form", async () => {
    const { clock, unread, begin } = open();
    const page = pageOf(KIB, { key: "text", time: clock.monotonic(), budgetMs: Infinity });
    const done = begin("first", page);
    expect([unread.find("text", 8_000), unread.find("openmetrics", 800)]).toEqual([page, undefined]);
    await clock.advance(999);
    expect(unread.find("text", 8_000)).toBe(page);
    await clock.advance(1);
    expect(unread.find("text", 8_000)).toBeUndefined();
    done();
  });

  test("is not shared any more when it is read", () => {
    const { clock, unread, begin } = open();
    begin("first", pageOf(KIB, { key: "text", time: clock.monotonic(), budgetMs: Infinity }))();
    expect(unread.find("text", 800)).toBeUndefined();
  });

  test("is not shared with a client that waits longer for what the page lacks", () => {
    const { clock, unread, begin } = open();
    const page = pageOf(KIB, { key: "text", time: clock.monotonic(), budgetMs: 1_600 });
    begin("first", page);
    expect([unread.find("text", 1_600), unread.find("text", 2_400)]).toEqual([page, undefined]);
  });
});

describe("fetch-style responses", () => {
  const url = "http://any.example/metrics";
  const large = Array.from({ length: 1_000 }, (_, at) => `import of customer ${at}`);

  test("share a page while one of them is not read, and are given up after ten seconds", async () => {
    const clock = createVirtualClock();
    const { publisher, errors } = openPublisher({ server: false, clock });
    for (const name of large) publishEvent(publisher, name);
    const unread = await publisher.fetch(new Request(url));
    publishEvent(publisher, "later");
    const shared = await (await publisher.fetch(new Request(url))).text();
    expect(shared).not.toContain('event_name="later"');
    await clock.advance(1_000);
    expect(await (await publisher.fetch(new Request(url))).text()).toContain('event_name="later"');
    await clock.advance(9_000);
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringContaining("prometheus: a client did not read the page"),
    ]);
    await expect(unread.text()).rejects.toThrow("the page was not read in time");
  });

  test("that are cancelled, or small enough to be in the response, hold nothing", async () => {
    const clock = createVirtualClock();
    const { publisher } = openPublisher({ server: false, clock });
    await publisher.fetch(new Request(url));
    expect(clock.pendingTimers).toBe(0);
    for (const name of large) publishEvent(publisher, name);
    const response = await publisher.fetch(new Request(url));
    expect(clock.pendingTimers).toBe(1);
    await response.body?.cancel();
    expect(clock.pendingTimers).toBe(0);
  });
});
