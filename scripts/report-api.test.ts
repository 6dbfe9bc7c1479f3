import { expect, test } from "vitest";
import { createFixture, type Fixture } from "./fixture.ts";
import { reportApi } from "./report-api.ts";

const INDEX = `export { createStore, type StoreOptions } from "./store.ts";
export * from "./clock.ts";
export type { Page as ScrapePage } from "./page.ts";
export { isNetwork } from "@eventmeter/core";
//# sourceMappingURL=index.d.ts.map`;

const STORE = `import type { MetricsRecord } from "@eventmeter/core";
import { type Server as HttpServer } from "node:http";
import * as zlib from "node:zlib";
import type { Clock } from "./clock.ts";
/** How a store is set up. */
export interface StoreOptions {
    /** Where times come from. */
    readonly clock?: Clock | undefined;
}
/**
 * Opens a store.
 */
export declare function createStore(options: StoreOptions): HttpServer;
export declare function createStore(record: MetricsRecord, level: zlib.ZlibOptions): {
    readonly size: number;
};
interface Hidden {
    readonly name: string;
}
/** Stays inside. */
export declare function seriesOf(hidden: Hidden): number;
//# sourceMappingURL=store.d.ts.map`;

const EXPECTED = `// Public surface of @eventmeter/one. Written by scripts/report-api.ts: do not edit.

import type { MetricsRecord } from "@eventmeter/core";
import type { Server as HttpServer } from "node:http";
import type * as zlib from "node:zlib";

/** A clock. */
export interface Clock {
    now(): number;
}

/** A page. */
interface Page {
    readonly body: string;
}

export { Page as ScrapePage };

/** How a store is set up. */
export interface StoreOptions {
    /** Where times come from. */
    readonly clock?: Clock | undefined;
}

/**
 * Opens a store.
 */
export declare function createStore(options: StoreOptions): HttpServer;
export declare function createStore(record: MetricsRecord, level: zlib.ZlibOptions): {
    readonly size: number;
};

export { isNetwork } from "@eventmeter/core";
`;

function createBuilt(): Fixture {
  return createFixture({
    "packages/one/package.json": JSON.stringify({ name: "@eventmeter/one", version: "1.0.0" }),
    "packages/one/dist/index.d.ts": INDEX,
    "packages/one/dist/store.d.ts": STORE,
    "packages/one/dist/clock.d.ts": "/** A clock. */\nexport interface Clock {\n    now(): number;\n}\n",
    "packages/one/dist/page.d.ts": "/** A page. */\nexport interface Page {\n    readonly body: string;\n}\n",
    "docs/api/one.d.ts": EXPECTED,
  });
}

test("the report holds what the index exports, with its documentation and by name, and nothing else", () => {
  using built = createBuilt();
  built.set("docs/api/one.d.ts", undefined);
  expect(reportApi(built.root, { check: false })).toEqual([]);
  expect(built.get("docs/api/one.d.ts")).toBe(EXPECTED);
  expect(reportApi(built.root, { check: true })).toEqual([]);
});

test("a difference is a finding with the lines that differ", () => {
  using built = createBuilt();
  built.set("packages/one/dist/clock.d.ts", "/** A clock. */\nexport interface Clock {\n    now(): bigint;\n}\n");
  expect(reportApi(built.root, { check: true })).toEqual([
    "docs/api/one.d.ts: the surface changed; if that is intended, run: pnpm api\n  @ line 9\n  -     now(): number;\n  +     now(): bigint;",
  ]);
  expect(built.get("docs/api/one.d.ts")).toBe(EXPECTED);
});

const broken: readonly (readonly [string, string, string, string])[] = [
  [
    "a type that is not exported",
    "store",
    "export declare function createStore(options: Hidden): StoreOptions;\ninterface Hidden {\n}\nexport interface StoreOptions {\n}\n",
    "createStore uses Hidden, which no entry point exports",
  ],
  [
    "a type of a file that is not exported",
    "store",
    'import type { Page } from "./page.ts";\nimport type { Inner as Other } from "./inner.ts";\nexport declare function createStore(page: Page): Other;\nexport interface StoreOptions {\n}\n',
    "createStore uses Other, which no entry point exports",
  ],
  [
    "a constant by its type",
    "store",
    "declare const KEY: unique symbol;\nexport declare function createStore(key: typeof KEY): void;\nexport interface StoreOptions {\n}\n",
    "createStore uses KEY, which no entry point exports",
  ],
  [
    "a key that is not exported",
    "store",
    "declare const KEY: unique symbol;\nexport declare function createStore(): void;\nexport interface StoreOptions {\n    readonly [KEY]: true;\n}\n",
    "StoreOptions uses KEY, which no entry point exports",
  ],
  ["a private member", "clock", "export declare class Clock {\n    private time;\n}\n", "Clock shows a private member"],
  [
    "a type of an unstable package",
    "page",
    'import type { Series } from "@eventmeter/series";\nexport type Page = Series;\n',
    "ScrapePage uses Series of @eventmeter/series, which is 0.x",
  ],
  ["a name without a declaration", "page", "export {};\n", "ScrapePage is exported but not declared"],
];

test.each(broken)("%s in the surface is a finding", (_, file, text, finding) => {
  using built = createBuilt();
  built.set("packages/one/dist/inner.d.ts", "export interface Inner {\n}\n");
  built.set("packages/series/package.json", JSON.stringify({ name: "@eventmeter/series", version: "0.2.0" }));
  built.set("packages/series/dist/index.d.ts", "export interface Series {\n}\n");
  built.set(`packages/one/dist/${file}.d.ts`, text);
  expect(reportApi(built.root, { check: false })).toEqual([`packages/one/src/index.ts: ${finding}`]);
});

test("names in comments, strings and members do not count as types", () => {
  using built = createBuilt();
  const text =
    '/** Unlike Hidden. */\nexport interface Page {\n    readonly kind: "Hidden";\n    readonly seen: number;\n}\n';
  built.set("packages/one/dist/page.d.ts", `${text}interface Hidden {\n}\ndeclare const seen: number;\n`);
  expect(reportApi(built.root, { check: false })).toEqual([]);
});

test("a tuple and a union keep the members that have documentation", () => {
  using built = createBuilt();
  const union = '/** A clock. */\nexport type Clock = \n/** One. */\n"one"\n/**\n * Two.\n */\n | "two";\n';
  built.set("packages/one/dist/clock.d.ts", union);
  const tuple =
    '/** A page. */\nexport declare const Page: readonly [\n/** One: (the first. */\n"one", \n/**\n * Two.\n */\n"two"];\n';
  built.set("packages/one/dist/page.d.ts", `${tuple}/** A size. */\nexport declare const size: number;\n`);
  expect(reportApi(built.root, { check: false })).toEqual([]);
  expect(built.get("docs/api/one.d.ts")).toContain(tuple.replace("export declare", "declare"));
  expect(built.get("docs/api/one.d.ts")).toContain(union);
  expect(built.get("docs/api/one.d.ts")).not.toContain("A size.");
});

test("a statement that the report cannot read is an error", () => {
  using built = createBuilt();
  built.set("packages/one/dist/page.d.ts", "export interface Page {\n}\nunreadable;\n");
  expect(() => reportApi(built.root, { check: false })).toThrow("cannot read this statement: unreadable;");
});

test("a package that is not built is a finding", () => {
  using built = createBuilt();
  built.set("packages/one/dist", undefined);
  expect(reportApi(built.root, { check: true })).toEqual([expect.stringContaining("first run: pnpm build")]);
});

test("a report of a package that no longer exists is a finding, and writing removes it", () => {
  using built = createBuilt();
  built.set("docs/api/gone.d.ts", "");
  expect(reportApi(built.root, { check: true })).toEqual([
    "docs/api/gone.d.ts: there is no such package or entry point",
  ]);
  expect(reportApi(built.root, { check: false })).toEqual([]);
  expect(() => built.get("docs/api/gone.d.ts")).toThrow("ENOENT");
});
