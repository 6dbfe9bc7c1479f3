// The tools that the packages are tried with: versions, builds, and the programs that run.

/** Packages of a folder that trials share, with their versions. */
export const FOLDERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  bundlers: {
    "@rollup/plugin-commonjs": "29.0.3",
    "@rollup/plugin-json": "6.1.0",
    "@rollup/plugin-node-resolve": "16.0.3",
    esbuild: "0.28.2",
    rollup: "4.68.8",
    vite: "8.4.0",
    webpack: "5.113.0",
    "webpack-cli": "7.3.1",
  },
  "next-16": { next: "16.4.6", react: "19.3.1", "react-dom": "19.3.1" },
  "next-15": { next: "15.5.29", react: "19.3.1", "react-dom": "19.3.1" },
  jest: { "@babel/preset-env": "7.29.14", jest: "30.5.2" },
  runtimes: { bun: "1.4.5", deno: "2.9.6" },
};

/** The Node.js beside the one of this repository. */
export const NODE_22 = "22.23.3";
export const ELASTICSEARCH_CLIENT = "9.5.1";

/** One row of the table. */
export interface Trial {
  readonly tool: string;
  /** Package of the tool in its folder. */
  readonly package: string;
  readonly folder: string;
  readonly form: string;
  /** Commands under `node_modules/.bin`, with their arguments. */
  readonly builds: readonly (readonly [string, ...string[]])[];
  /** What runs: a script, the server of Next.js, Jest, or a script by another runtime. */
  readonly run: "script" | "next" | "jest" | "bun" | "deno";
  readonly script?: string;
  /** Whether the output runs in a folder without any package. */
  readonly alone?: true;
  readonly note?: string;
}

const REQUIRE =
  "--banner:js=import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);";
const esbuild = (...args: string[]): [string, ...string[]] => [
  "esbuild",
  "main.mjs",
  "--bundle",
  "--platform=node",
  ...args,
];
const inBundlers = { folder: "bundlers", run: "script" } as const;
const esbuilt = { tool: "esbuild", package: "esbuild", ...inBundlers } as const;
const webpacked = { tool: "webpack", package: "webpack", ...inBundlers } as const;
const rolled = { tool: "Rollup", package: "rollup", ...inBundlers } as const;
const vite = { tool: "Vite", package: "vite", ...inBundlers } as const;
const next = { tool: "Next.js", package: "next", run: "next", builds: [["next", "build"]] } as const;

/** All trials, in the order of the table. */
export const TRIALS: readonly Trial[] = [
  {
    ...esbuilt,
    form: "ES module, packages outside",
    builds: [esbuild("--format=esm", "--packages=external", "--outfile=out/a.mjs")],
    script: "a.mjs",
  },
  {
    ...esbuilt,
    form: "ES module, one file",
    builds: [esbuild("--format=esm", REQUIRE, "--outfile=out/b.mjs")],
    script: "b.mjs",
    alone: true,
    note: "needs a banner",
  },
  {
    ...esbuilt,
    form: "CommonJS, clients outside",
    builds: [
      esbuild("--format=cjs", "--external:prom-client", "--external:@elastic/elasticsearch", "--outfile=out/c.cjs"),
    ],
    script: "c.cjs",
  },
  {
    ...esbuilt,
    form: "CommonJS, one file",
    builds: [esbuild("--format=cjs", "--outfile=out/d.cjs")],
    script: "d.cjs",
    alone: true,
  },
  {
    ...webpacked,
    form: "ES module",
    builds: [["webpack", "--config", "webpack.config.cjs", "--config-name", "module"]],
    script: "webpack.mjs",
    alone: true,
    note: "warns about apache-arrow",
  },
  {
    ...webpacked,
    form: "CommonJS",
    builds: [["webpack", "--config", "webpack.config.cjs", "--config-name", "commonjs"]],
    script: "webpack.cjs",
    alone: true,
    note: "warns about apache-arrow",
  },
  {
    ...rolled,
    form: "ES module",
    builds: [["rollup", "-c", "rollup.config.mjs", "--format", "es"]],
    script: "rollup-es/main.mjs",
    alone: true,
  },
  {
    ...rolled,
    form: "CommonJS",
    builds: [["rollup", "-c", "rollup.config.mjs", "--format", "cjs"]],
    script: "rollup-cjs/main.cjs",
    alone: true,
  },
  {
    ...vite,
    form: "server build, packages outside",
    builds: [["vite", "build", "--mode", "external"]],
    script: "vite-external/main.mjs",
  },
  {
    ...vite,
    form: "server build, `noExternal`",
    builds: [["vite", "build", "--mode", "bundled"]],
    script: "vite-bundled/main.mjs",
    alone: true,
  },
  { ...vite, form: "development server, `ssrLoadModule`", builds: [], script: "../vite-dev.mjs" },
  { ...next, folder: "next-16", form: "Turbopack", note: "needs the condition below" },
  {
    ...next,
    folder: "next-16",
    form: "webpack",
    builds: [["next", "build", "--webpack"]],
    note: "needs the condition below",
  },
  { ...next, folder: "next-15", form: "webpack", note: "needs the condition below" },
  {
    tool: "Jest",
    package: "jest",
    folder: "jest",
    form: "CommonJS",
    builds: [],
    run: "jest",
    note: "needs a transform",
  },
  {
    tool: "Bun",
    package: "bun",
    folder: "runtimes",
    form: "runs the source",
    builds: [],
    run: "bun",
    script: "../main-bun.mjs",
    note: "needs `HttpConnection`",
  },
  {
    tool: "Bun",
    package: "bun",
    folder: "runtimes",
    form: "bundle",
    builds: [["bun", "build", "main-bun.mjs", "--target=bun", "--outfile=out/bun.js"]],
    run: "bun",
    script: "bun.js",
    alone: true,
    note: "needs `HttpConnection`",
  },
  {
    tool: "Deno",
    package: "deno",
    folder: "runtimes",
    form: "runs the source",
    builds: [],
    run: "deno",
    script: "../main.mjs",
  },
];

/** Returns the version of the tool of a trial. */
export function versionOf(trial: Trial): string {
  return FOLDERS[trial.folder]?.[trial.package] ?? "";
}

/** Returns the table of the results, by trial; a trial without a result has not failed. */
export function tableOf(failures: ReadonlyMap<Trial, string>): string[] {
  const rows = TRIALS.map((trial) => {
    const failure = failures.get(trial);
    const runtimes = trial.run === "bun" || trial.run === "deno" ? "–" : "22, 24";
    const result = failure === undefined ? ["works", trial.note].filter(Boolean).join("; ") : `fails: ${failure}`;
    return [`${trial.tool} ${versionOf(trial)}`, trial.form, runtimes, result];
  });
  const all = [["tool", "form", "Node", "result"], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(all[0] ?? []), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)];
}
