// A temporary folder of files, for tests.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A temporary folder of files. It is removed when it is disposed of. */
export interface Fixture extends Disposable {
  readonly root: string;
  /** Writes a file, or removes it if `text` is undefined. */
  readonly set: (path: string, text: string | undefined) => void;
  readonly get: (path: string) => string;
}

/** Creates a temporary folder with the given files, by their paths. */
export function createFixture(files: Readonly<Record<string, string>>): Fixture {
  const root = mkdtempSync(join(tmpdir(), "eventmeter-fixture-"));
  const set = (path: string, text: string | undefined): void => {
    if (text === undefined) return rmSync(join(root, path), { recursive: true });
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const [path, text] of Object.entries(files)) set(path, text);
  return {
    root,
    set,
    get: (path) => readFileSync(join(root, path), "utf8"),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}
