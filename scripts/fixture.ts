import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A temporary folder of files for a test; removed when it is disposed of. */
export interface Fixture extends Disposable {
  readonly root: string;
  /** Writes a file, or removes it with `undefined`. */
  readonly set: (path: string, text: string | undefined) => void;
  readonly get: (path: string) => string;
}

/** Writes files, by their path, into a temporary folder. */
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
