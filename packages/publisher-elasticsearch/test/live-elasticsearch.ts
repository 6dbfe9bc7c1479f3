/* oxlint-disable no-await-in-loop -- polling and paging are sequences */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

/** One major version of Elasticsearch and the server to test it on. */
export interface LiveVersion {
  readonly major: "9" | "8";
  readonly url: string;
  /** Goes after a suite's name: why it is skipped; "" where it runs. */
  readonly note: string;
  readonly skip: boolean;
}

/** The servers that run already, one a major version. */
export const liveVersions: readonly LiveVersion[] = [
  versionAt("9", "ELASTICSEARCH_URL"),
  versionAt("8", "ELASTICSEARCH_8_URL"),
];

function versionAt(major: LiveVersion["major"], variable: string): LiveVersion {
  const url = (process.env[variable] ?? "").replace(/\/+$/, "");
  const skip = url === "";
  return { major, url, skip, note: skip ? ` (no Elasticsearch ${major}: set ${variable} to its address)` : "" };
}

/** Follows names and positions into an answer; undefined where the way ends. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value;
  for (const name of path) found = (found as Readonly<Record<string | number, unknown>> | null | undefined)?.[name];
  return found;
}

/** The list at the end of a way into an answer; empty where there is none. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** One stored document. */
export interface StoredDocument {
  readonly index: string;
  readonly id: string;
  readonly source: Readonly<Record<string, unknown>>;
}

/** Asks a real server. */
export interface LiveElasticsearch {
  readonly url: string;
  /** Sends one request with an optional JSON body; rejects when the server rejects it. Path without a leading slash. */
  ask(method: string, path: string, body?: unknown): Promise<unknown>;
  /** The same, but gives the status as well and never rejects for it. */
  answer(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly body: unknown }>;
  /** Searches what is stored by now. */
  search(index: string, body: unknown): Promise<unknown>;
  /** How many documents are stored by now, 0 where there is no index yet. */
  count(index: string): Promise<number>;
  /** Reads every document, in no order. */
  documents(index: string): Promise<readonly StoredDocument[]>;
  /** How often each value of a keyword field is stored, over all documents, exactly. */
  tally(index: string, field: string): Promise<ReadonlyMap<string, number>>;
}

const PAGE = 10_000;

/** Makes the questions for one server. */
export function connectElasticsearch(url: string): LiveElasticsearch {
  const answer: LiveElasticsearch["answer"] = async (method, path, body) => {
    const response = await fetch(`${url}/${path}`, {
      method,
      signal: AbortSignal.timeout(60_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : (JSON.parse(text) as unknown) };
  };
  const ask: LiveElasticsearch["ask"] = async (method, path, body) => {
    const { status, body: found } = await answer(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(found)}`);
    return found;
  };
  const search: LiveElasticsearch["search"] = async (index, body) => {
    await ask("POST", `${index}/_refresh`);
    return ask("POST", `${index}/_search`, body);
  };

  // A point in time stands still between pages, and tells ties of the sort value apart.
  async function page(index: string, form: object, sort: string, each: (hit: unknown) => void): Promise<void> {
    await ask("POST", `${index}/_refresh`);
    const pit = { id: at(await ask("POST", `${index}/_pit?keep_alive=1m`), "id") };
    for (let after: object = {}; ;) {
      const query = { size: PAGE, sort: [{ [sort]: "asc" }], pit, ...form, ...after };
      const hits = listAt(await ask("POST", "_search", query), "hits", "hits");
      hits.forEach(each);
      if (hits.length < PAGE) break;
      after = { search_after: at(hits.at(-1), "sort") };
    }
    await ask("DELETE", "_pit", pit);
  }

  return {
    url,
    ask,
    answer,
    search,
    async count(index) {
      const refreshed = await answer("POST", `${index}/_refresh`);
      return refreshed.status === 404 ? 0 : Number(at(await ask("GET", `${index}/_count`), "count"));
    },
    async documents(index) {
      const found: StoredDocument[] = [];
      await page(index, {}, "@timestamp", (hit) => {
        const { _index, _id, _source } = hit as { _index: string; _id: string; _source: StoredDocument["source"] };
        found.push({ index: _index, id: _id, source: _source });
      });
      return found;
    },
    async tally(index, field) {
      const found = new Map<string, number>();
      await page(index, { _source: false, docvalue_fields: [field] }, field, (hit) => {
        const value = String(at(hit, "fields", field, 0));
        found.set(value, (found.get(value) ?? 0) + 1);
      });
      return found;
    },
  };
}

const names: string[] = [];

/** A name that nothing has used before: streams cannot be deleted on every server. */
export function freshName(): string {
  const name = `t${randomUUID().replaceAll("-", "").slice(0, 12)}`;
  names.push(name);
  return name;
}

/** Removes what tests of this file stored under fresh names, as far as the server can: a node has room for 1,000 shards. */
export async function removeFreshNames(server: LiveElasticsearch): Promise<void> {
  for (const name of names.splice(0)) {
    const stream = `metrics-eventmeter.*-${name}`;
    await server.answer("DELETE", `${name}-*`);
    const removed = await server.answer("DELETE", `_data_stream/${stream}`);
    if (removed.status !== 200) await server.answer("PUT", `${stream}/_settings`, { "index.number_of_replicas": 0 });
    await server.answer("DELETE", `_index_template/eventmeter-*${name}*`);
    await server.answer("DELETE", `_index_template/${name}-*`);
  }
}

/** Asks every 50 ms until the condition holds; rejects after `deadlineMs`. */
export async function waitFor(condition: () => boolean | Promise<boolean>, deadlineMs: number = 20_000): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not so within ${deadlineMs} ms: ${condition.toString()}`);
    await delay(50);
  }
}
