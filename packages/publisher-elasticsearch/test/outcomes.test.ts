import { describe, expect, test } from "vitest";
import { openFakeElasticsearch } from "./fake-elasticsearch.ts";
import { error, type FakeReply, json } from "./fake-replies.ts";
import { eventually, openPublisher, until } from "./publisher-harness.ts";

const EVENTS = "metrics-eventmeter.event-default";
const taskOf = (document: unknown): string => (document as { eventmeter: { task_id: string } }).eventmeter.task_id;

interface ItemCase {
  readonly status: number;
  readonly type: string;
  readonly becomes: "delivered" | "retried" | "rejected";
}

const REJECTIONS = [
  { status: 400, type: "index_closed_exception" },
  { status: 400, type: "validation_exception" },
  { status: 401, type: "security_exception" },
  { status: 403, type: "cluster_block_exception" },
  { status: 404, type: "index_not_found_exception" },
] as const;

const ITEMS: readonly ItemCase[] = [
  { status: 200, type: "", becomes: "delivered" },
  { status: 409, type: "version_conflict_engine_exception", becomes: "delivered" },
  { status: 429, type: "es_rejected_execution_exception", becomes: "retried" },
  { status: 429, type: "cluster_block_exception", becomes: "retried" },
  { status: 500, type: "some_exception", becomes: "retried" },
  { status: 503, type: "unavailable_shards_exception", becomes: "retried" },
  ...REJECTIONS.map((rejection) => ({ ...rejection, becomes: "retried" as const })),
  { status: 400, type: "document_parsing_exception", becomes: "rejected" },
  { status: 400, type: "strict_dynamic_mapping_exception", becomes: "rejected" },
];

describe("one document of a request", () => {
  test.each(ITEMS)("$status $type is $becomes, and its neighbours are stored", async ({ status, type, becomes }) => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish, clock, errors, dropped } = openPublisher({ hosts: [server.url] });
    server.fault = (document) => (taskOf(document) === "odd" ? { status, type } : undefined);
    publish("one", "odd", "two");
    void publisher.flush();
    await until(() => publisher.health().delivered >= 2);
    const settledAtOnce = becomes === "delivered" || becomes === "rejected";
    expect(publisher.health()).toMatchObject({
      delivered: becomes === "delivered" ? 3 : 2,
      pending: settledAtOnce ? 0 : 1,
      droppedBy: becomes === "rejected" ? { rejected: 1 } : {},
    });
    expect(publisher.health().state).toBe({ delivered: "ok", retried: "degraded", rejected: "degraded" }[becomes]);
    if (becomes === "rejected") expect(dropped).toMatchObject([{ reason: type }]);
    if (becomes === "retried") expect(errors[0]?.message).toContain(`${status}, ${type}`);
    if (settledAtOnce) return;

    server.fault = undefined;
    await eventually({ clock }, () => publisher.health().delivered === 3);
    expect(Object.values(server.documents(EVENTS)).map(taskOf).toSorted()).toEqual(["odd", "one", "two"]);
  });

  test("what a server says of a document appears in no message", async () => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish, errors, dropped } = openPublisher({ hosts: [server.url] });
    server.fault = () => ({ status: 400, type: "document_parsing_exception" });
    publish("hunter2");
    await publisher.flush();
    expect(dropped).toHaveLength(1);
    expect(JSON.stringify([errors, errors.map(({ message }) => message), dropped[0]?.reason])).not.toContain("hunter2");
    const asked = server.bulks[0]?.query.get("filter_path");
    expect(asked).toBe("errors,items.*.status,items.*.error.type,items.*.failure_store");
  });

  test("a type that is no word of Elasticsearch's is not repeated", async () => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish, dropped } = openPublisher({ hosts: [server.url] });
    server.fault = () => ({ status: 400, type: "document with hunter2" });
    publish("a");
    await publisher.flush();
    expect(dropped[0]?.reason).toBe("status 400");
  });

  test("documents in a failure store are delivered, and reported once", async () => {
    await using server = await openFakeElasticsearch({ failureStore: true });
    const { publisher, publish, errors } = openPublisher({ hosts: [server.url] });
    server.fault = (document) =>
      taskOf(document) === "odd" ? { status: 400, type: "document_parsing_exception" } : undefined;
    publish("one", "odd");
    await publisher.flush();
    publish("odd");
    expect(await publisher.flush()).toMatchObject({ delivered: 3, dropped: 0 });
    expect(errors.map(({ code, message }) => [code, message])).toEqual([
      ["failure-store", expect.stringContaining("1 of 2 documents for metrics-eventmeter.event-default")],
    ]);
  });
});

describe("documents that are rejected for a reason that is not their fault", () => {
  test.each(REJECTIONS)("hold their stream: $status $type", async ({ status, type }) => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish, clock, errors } = openPublisher({ hosts: [server.url] });
    server.fault = () => ({ status, type });
    publish("one", "two");
    void publisher.flush();
    await until(() => errors.length > 0);
    expect(errors).toMatchObject([{ code: "held", message: expect.stringContaining(`(${status}, ${type})`) }]);
    expect(publisher.health()).toMatchObject({ pending: 2, dropped: 0, state: "failing" });
    server.fault = undefined;
    await eventually({ clock }, () => publisher.health().delivered === 2);
  });

  test("hold it, and those among them that are at fault are dropped", async () => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish, errors } = openPublisher({ hosts: [server.url] });
    server.fault = (document) =>
      taskOf(document) === "odd"
        ? { status: 400, type: "document_parsing_exception" }
        : { status: 403, type: "security_exception" };
    publish("odd", "one");
    void publisher.flush();
    await until(() => errors.length > 1);
    expect(errors.map(({ code }) => code).toSorted()).toEqual(["held", "record-dropped"]);
    expect(publisher.health()).toMatchObject({ pending: 1, droppedBy: { rejected: 1 } });
  });

  test("hold a stream that took others before, once that is no longer so", async () => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish, clock, errors } = openPublisher({ hosts: [server.url] });
    publish("one");
    await publisher.flush();
    server.fault = () => ({ status: 403, type: "security_exception" });
    publish("two");
    void publisher.flush();
    await until(() => errors.length > 0);
    await eventually({ clock }, () => errors.some(({ code }) => code === "held"));
    expect(errors.map(({ code }) => code)).toEqual(["send-failed", "held"]);
    expect(server.bulks).toHaveLength(3);
  });

  test("do not stop a stream that takes others in between, however many they are", async () => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish, clock, errors } = openPublisher({
      hosts: [server.url],
      maxBatchRecords: 2,
      maxAgeMs: 900_000,
    });
    publish("first");
    await publisher.flush();
    server.fault = (document) =>
      taskOf(document).startsWith("odd") ? { status: 403, type: "security_exception" } : undefined;
    for (let index = 0; index < 5; index += 1) publish(`odd-${index}`, `even-${index}`);
    for (let index = 0; index < 60; index += 1) {
      publish(`t-${index}`);
      await eventually({ clock, leapMs: 1_000 }, () => publisher.health().delivered === index + 7);
    }
    expect(errors[0]).toMatchObject({ code: "send-failed", message: expect.stringContaining("create_doc") });
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(["send-failed"]));
    expect(publisher.health().pending).toBe(5);
    await eventually({ clock }, () => publisher.health().pending === 0);
    expect(publisher.health().droppedBy).toEqual({ expired: 5 });
  });
});

interface RequestCase {
  readonly title: string;
  readonly reply: FakeReply | "reset";
  readonly becomes: "retried" | "held" | "bisected" | "too-large";
  readonly says?: string;
}

const typed = (status: number, type: string, reason = "hunter2"): FakeReply => error(status, type, reason);

const REQUESTS: readonly RequestCase[] = [
  { title: "a 413 without a body", reply: { status: 413, product: false }, becomes: "too-large" },
  { title: "a 413 of a proxy", reply: { status: 413, body: "<html>", product: false }, becomes: "too-large" },
  { title: "a 400 for one of its ids", reply: typed(400, "action_request_validation_exception"), becomes: "bisected" },
  { title: "a 400 for an unreadable line", reply: typed(400, "x_content_parse_exception"), becomes: "bisected" },
  {
    title: "a 400 for its media type",
    reply: typed(400, "media_type_header_exception"),
    becomes: "held",
    says: "400, media_type_header_exception",
  },
  {
    title: "a 400 for a parameter",
    reply: typed(
      400,
      "illegal_argument_exception",
      "request [/x] contains unrecognized parameter: [require_data_stream]",
    ),
    becomes: "held",
    says: "8.13",
  },
  {
    title: "a 400 that is not Elasticsearch's",
    reply: { status: 400, body: "<html>The plain HTTP request was sent to HTTPS port", product: false },
    becomes: "held",
  },
  {
    title: "a 400 without a type",
    reply: json(400, { error: "no handler found for uri [/hunter2]" }),
    becomes: "held",
  },
  { title: "a 401", reply: typed(401, "security_exception"), becomes: "held", says: "check auth" },
  { title: "a 403", reply: typed(403, "security_exception"), becomes: "held", says: "create_doc" },
  {
    title: "a 403 for a block",
    reply: typed(403, "cluster_block_exception"),
    becomes: "held",
    says: "writes are blocked",
  },
  {
    title: "a 404",
    reply: { status: 404, body: "nothing", product: false },
    becomes: "held",
    says: "check the address",
  },
  { title: "a 406", reply: json(406, { error: "Content-Type header is not supported", status: 406 }), becomes: "held" },
  { title: "a 415", reply: { status: 415 }, becomes: "held" },
  { title: "a redirect", reply: { status: 301, headers: { location: "/" } }, becomes: "held", says: "redirects" },
  {
    title: "a 200 that is not Elasticsearch's",
    reply: { status: 200, body: "<html>", product: false },
    becomes: "held",
    says: "not Elasticsearch",
  },
  { title: "a 429", reply: typed(429, "es_rejected_execution_exception"), becomes: "retried" },
  { title: "a 408", reply: { status: 408 }, becomes: "retried" },
  { title: "a 500", reply: typed(500, "some_exception"), becomes: "retried", says: "500, some_exception" },
  {
    title: "a 503 of a proxy",
    reply: { status: 503, body: "<html>", product: false },
    becomes: "retried",
    says: "503",
  },
  { title: "a reset", reply: "reset", becomes: "retried", says: "closed without an answer" },
  { title: "a 200 without a body", reply: { status: 200 }, becomes: "retried", says: "could not be read" },
  {
    title: "a 200 with half a body",
    reply: { status: 200, body: '{"errors":false,"items":[{"create":{"st' },
    becomes: "retried",
  },
  {
    title: "a 200 with too few items",
    reply: json(200, { errors: false, items: [{ create: { status: 201 } }] }),
    becomes: "retried",
  },
  {
    title: "a 200 with an item without status",
    reply: json(200, { errors: false, items: [1, 2, 3].map(() => ({ create: {} })) }),
    becomes: "retried",
  },
  {
    title: "a 200 that is larger than any reply",
    reply: json(200, { items: [1, 2, 3].map(() => ({ create: { status: 201, x: "y".repeat(50_000) } })) }),
    becomes: "retried",
  },
];

describe("a request", () => {
  test.each(REQUESTS)("answered by $title is $becomes", async ({ reply, becomes, says }) => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish, clock, errors } = openPublisher({ hosts: [server.url] });
    await publisher.start();
    server.intercept = ({ path, body }) => (path.endsWith("/_bulk") && body.includes('"odd"') ? reply : undefined);
    publish("one", "odd", "two");
    void publisher.flush();
    const divided = becomes === "bisected" || becomes === "too-large";
    if (divided) {
      await until(() => publisher.health().pending === 0);
      expect(publisher.health()).toMatchObject({ delivered: 2, dropped: 1 });
      expect(publisher.health().droppedBy).toEqual({ [becomes === "bisected" ? "rejected" : "too-large"]: 1 });
    } else {
      await until(() => errors.length > 0);
      expect(publisher.health()).toMatchObject({ delivered: 0, dropped: 0, pending: 3, state: "failing" });
      expect(errors[0]?.code).toBe(becomes === "held" ? "held" : "send-failed");
      if (says !== undefined) expect(errors[0]?.message).toContain(says);
    }
    for (const caught of errors) {
      expect(`${caught.message} ${JSON.stringify(caught)}`).not.toContain("hunter2");
      expect(caught.cause).toBeUndefined();
    }
    if (divided) return;

    server.intercept = undefined;
    await eventually({ clock }, () => publisher.health().delivered === 3);
    expect(Object.keys(server.documents(EVENTS))).toHaveLength(3);
  });

  test("that is answered with Retry-After waits that long", async () => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish, clock, errors } = openPublisher({ hosts: [server.url] });
    await publisher.start();
    server.intercept = () => ({ status: 503, headers: { "retry-after": "120" } });
    publish("one");
    void publisher.flush();
    await until(() => errors.length > 0);
    server.intercept = undefined;
    await clock.advance(119_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(server.bulks).toHaveLength(1);
    await eventually({ clock }, () => publisher.health().delivered === 1);
  });

  test("that is answered with 429 again and again is halved", async () => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish, clock } = openPublisher({ hosts: [server.url] });
    server.intercept = ({ path, body }) =>
      path.endsWith("/_bulk") && body.split("\n").length > 5
        ? typed(429, "es_rejected_execution_exception")
        : undefined;
    publish("a", "b", "c", "d");
    void publisher.flush();
    await eventually({ clock }, () => publisher.health().delivered === 4);
    expect(server.bulks.map(({ body }) => (body.split("\n").length - 1) / 2)).toEqual([4, 4, 4, 4, 2, 2]);
  });

  test("that is answered with 429 and Retry-After again and again is halved, and the halves wait that long", async () => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish, clock } = openPublisher({ hosts: [server.url] });
    await publisher.start();
    server.intercept = ({ path, body }) =>
      path.endsWith("/_bulk") && body.split("\n").length > 3
        ? { ...typed(429, "es_rejected_execution_exception"), headers: { "retry-after": "120" } }
        : undefined;
    publish("a", "b");
    void publisher.flush();
    await eventually({ clock, leapMs: 150_000 }, () => server.bulks.length === 4);
    await clock.advance(119_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.bulks).toHaveLength(4);
    await eventually({ clock }, () => publisher.health().delivered === 2);
  });

  test("that is answered with 429 because the disk is full is not halved", async () => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish, clock } = openPublisher({ hosts: [server.url] });
    let full = true;
    server.intercept = ({ path }) =>
      full && path.endsWith("/_bulk") ? typed(429, "cluster_block_exception") : undefined;
    publish("a", "b", "c", "d");
    void publisher.flush();
    await eventually({ clock }, () => server.bulks.length >= 9);
    full = false;
    await eventually({ clock }, () => publisher.health().delivered === 4);
    expect(new Set(server.bulks.map(({ body }) => (body.split("\n").length - 1) / 2))).toEqual(new Set([4]));
  });

  test("of 1,000 documents is read to the end of its answer, also where each document has an error", async () => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish } = openPublisher({ hosts: [server.url] });
    server.fault = () => ({ status: 400, type: "strict_dynamic_mapping_exception" });
    publish(...Array.from({ length: 1_000 }, (_, index) => `t-${index}`));
    expect(await publisher.flush()).toMatchObject({ dropped: 1_000, pending: 0 });
    expect(publisher.health().droppedBy).toEqual({ rejected: 1_000 });
  });

  test("that is answered with 429 whatever its size is tried four times in each", async () => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish, clock } = openPublisher({ hosts: [server.url] });
    server.intercept = ({ path, body }) =>
      path.endsWith("/_bulk") && body.split("\n").length > 3
        ? typed(429, "es_rejected_execution_exception")
        : undefined;
    publish("a", "b", "c", "d");
    void publisher.flush();
    await eventually({ clock }, () => publisher.health().delivered === 4);
    const sizes = server.bulks.map(({ body }) => (body.split("\n").length - 1) / 2);
    expect(sizes.toSorted((one, other) => one - other)).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 4, 4, 4, 4]);
  });

  test("of which every document is answered with 429 again and again is halved", async () => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish, clock } = openPublisher({ hosts: [server.url] });
    let full = true;
    server.fault = () => (full ? { status: 429, type: "es_rejected_execution_exception" } : undefined);
    publish("a", "b", "c", "d");
    void publisher.flush();
    await eventually({ clock }, () => server.bulks.length >= 5);
    full = false;
    await eventually({ clock }, () => publisher.health().delivered === 4);
    expect(server.bulks.slice(0, 5).map(({ body }) => (body.split("\n").length - 1) / 2)).toEqual([4, 4, 4, 4, 2]);
  });

  test("that is repeated after an unclear answer stores nothing twice", async () => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish, clock, errors } = openPublisher({ hosts: [server.url] });
    await publisher.start();
    publish("a", "b");
    void publisher.flush();
    await until(() => publisher.health().delivered === 2);
    const [first] = server.bulks;
    // The answer is lost after the documents are stored.
    const replies = [true];
    server.fault = (_, index) => {
      if (replies.pop() === true)
        server.indices.get(index)?.documents.set(`${idsOf(server.bulks.at(-1)?.body)[0]}`, {});
      return undefined;
    };
    publish("c");
    void publisher.flush();
    await eventually({ clock }, () => publisher.health().delivered === 3);
    expect(errors).toEqual([]);
    expect(idsOf(first?.body)).toHaveLength(2);
    expect(Object.keys(server.documents(EVENTS))).toHaveLength(3);
  });
});

function idsOf(body: string | undefined): readonly string[] {
  return [...(body ?? "").matchAll(/"_id":"([^"]+)"/g)].map((match) => match[1] ?? "");
}

describe("a middle box that rejects what it does not like", () => {
  const PAGES: readonly (readonly [string, FakeReply])[] = [
    ["403 in HTML", { status: 403, body: "<html>Forbidden", product: false }],
    ["406 without a body", { status: 406, product: false }],
    ["a page with 200", { status: 200, body: "<html>Request rejected", product: false }],
  ];

  test.each(PAGES)("by %s costs the one document, which is counted", async (_, reply) => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish, clock, errors, dropped } = openPublisher({ hosts: [server.url], maxBatchRecords: 8 });
    publish("first");
    await publisher.flush();
    server.intercept = ({ path, body }) => (path.endsWith("/_bulk") && body.includes('"odd"') ? reply : undefined);
    publish("a", "b", "c", "odd", "d", "e", "f", "g");
    await eventually({ clock, leapMs: 1_000 }, () => publisher.health().pending === 0);
    expect(publisher.health()).toMatchObject({ delivered: 8, droppedBy: { rejected: 1 } });
    expect(dropped).toMatchObject([{ reason: expect.stringContaining("between here and Elasticsearch") }]);
    expect(errors.map(({ code }) => code)).not.toContain("held");
  });

  test.each(PAGES)("by %s, all of a sudden, costs nothing: the stream is held, and goes on", async (_, reply) => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish, clock, errors } = openPublisher({ hosts: [server.url], maxBatchRecords: 100 });
    publish("first");
    await publisher.flush();
    server.intercept = ({ path }) => (path.endsWith("/_bulk") ? reply : undefined);
    publish(...Array.from({ length: 100 }, (__, index) => `t-${index}`));
    await eventually({ clock }, () => errors.some(({ code }) => code === "held"));
    expect(publisher.health()).toMatchObject({ dropped: 0, pending: 100 });
    expect(server.bulks.length).toBeLessThan(40);
    server.intercept = undefined;
    await eventually({ clock }, () => publisher.health().delivered === 101);
  });
});

describe("one error for all documents of a request that does not look like theirs", () => {
  const MISSING_PIPELINE = { status: 400, type: "illegal_argument_exception" };

  test("holds the stream, with a hint, until it is corrected", async () => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish, clock, errors } = openPublisher({ hosts: [server.url] });
    server.fault = () => MISSING_PIPELINE;
    publish("a", "b");
    void publisher.flush();
    await until(() => errors.length > 0);
    expect(errors).toMatchObject([{ code: "held", message: expect.stringContaining("index.default_pipeline") }]);
    expect(publisher.health()).toMatchObject({ pending: 2, dropped: 0 });
    server.fault = undefined;
    await eventually({ clock }, () => publisher.health().delivered === 2);
  });

  test("costs single documents alone where others are stored meanwhile", async () => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish, clock } = openPublisher({ hosts: [server.url], maxBatchRecords: 1 });
    server.fault = (document) => (taskOf(document) === "odd" ? MISSING_PIPELINE : undefined);
    publish("odd", "one", "odd", "two");
    await eventually({ clock }, () => publisher.health().pending === 0);
    expect(publisher.health()).toMatchObject({ delivered: 2, droppedBy: { rejected: 2 } });
  });
});

test("documents that a pipeline drops are delivered, and one diagnostic says that they are not stored", async () => {
  await using server = await openFakeElasticsearch();
  const { publisher, publish, errors, diagnostics } = openPublisher({ hosts: [server.url] });
  await publisher.start();
  server.fault = (document) => (taskOf(document) === "odd" ? { status: 200, type: "" } : undefined);
  publish("one", "odd");
  await publisher.flush();
  publish("odd");
  expect(await publisher.flush()).toMatchObject({ delivered: 3, dropped: 0 });
  expect(errors).toEqual([]);
  expect(diagnostics.filter(({ code }) => code === "dropped-by-pipeline").map(({ message }) => message)).toEqual([
    expect.stringContaining("dropped 1 of 2 documents for metrics-eventmeter.event-default"),
  ]);
});
