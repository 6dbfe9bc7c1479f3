import { expect, test } from "vitest";
import { readArguments, UsageError } from "./arguments.ts";

test("works half a minute with four jobs on the folder it is given, if nothing else is asked for", () => {
  expect(readArguments([], "/modules")).toEqual({
    dir: "/modules",
    forMs: 30_000,
    jobs: 4,
    port: 9464,
    host: "127.0.0.1",
    ndjson: "demo.ndjson",
  });
});

test("takes every option", () => {
  const args = ["--dir", "src", "--for=1.5m", "--jobs", "8", "--port", "0", "--host=::1", "--ndjson", "out.ndjson"];
  expect(readArguments(args, "/modules")).toEqual({
    dir: "src",
    forMs: 90_000,
    jobs: 8,
    port: 0,
    host: "::1",
    ndjson: "out.ndjson",
  });
});

const usage = "use --dir PATH, --for 30s, --jobs 4, --port 9464, --host 127.0.0.1, --ndjson PATH";

test.each([
  [["--for", "soon"], '--for takes a time such as 500ms, 30s or 5m, up to 24h, not "soon"'],
  [["--for", "30"], '--for takes a time such as 500ms, 30s or 5m, up to 24h, not "30"'],
  [["--for", "0s"], '--for takes a time such as 500ms, 30s or 5m, up to 24h, not "0s"'],
  [["--for", "25h"], '--for takes a time such as 500ms, 30s or 5m, up to 24h, not "25h"'],
  [["--jobs", "0"], '--jobs takes a whole number from 1 to 64, not "0"'],
  [["--jobs", "1.5"], '--jobs takes a whole number from 1 to 64, not "1.5"'],
  [["--jobs", ""], '--jobs takes a whole number from 1 to 64, not ""'],
  [["--port", "70000"], '--port takes a whole number from 0 to 65535, not "70000"'],
  [["--jbos", "4"], `Unknown option '--jbos': ${usage}`],
  [["--dir"], `Option '--dir <value>' argument missing: ${usage}`],
  [["--jobs", "--for", "1s"], `Option '--jobs' argument is ambiguous: ${usage}`],
  [["src"], `Unexpected argument 'src': ${usage}`],
])("says what is wrong with %j in one sentence", (args, sentence) => {
  expect(() => readArguments(args, "/modules")).toThrow(new UsageError(sentence));
});
