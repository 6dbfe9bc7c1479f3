import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { UsageError } from "./arguments.ts";

/** A package: a folder with a package.json, and the files below it that belong to no other package. */
export interface PackageFolder {
  readonly name: string;
  /** Paths relative to the folder that was walked. */
  readonly files: readonly string[];
}

const MAX_DEPTH = 12;

/** Gives the packages below a folder as they are found. @throws UsageError if there is no such folder */
export async function* packagesIn(root: string): AsyncGenerator<PackageFolder> {
  const found = await stat(root).catch(() => undefined);
  if (found?.isDirectory() !== true)
    throw new UsageError(`--dir takes a folder, and "${root}" is none that can be read`);
  yield* below(root, root, 0);
}

async function* below(root: string, folder: string, depth: number): AsyncGenerator<PackageFolder> {
  const entries = await entriesOf(folder);
  if (entries.some((entry) => entry.isFile() && entry.name === "package.json")) {
    yield {
      name: relative(root, folder).split("node_modules/").at(-1) || ".",
      files: await filesIn(root, folder, depth),
    };
  }
  if (depth === MAX_DEPTH) return;
  // A link may lead back to where the walk began.
  for (const entry of entries) if (entry.isDirectory()) yield* below(root, join(folder, entry.name), depth + 1);
}

async function filesIn(root: string, folder: string, depth: number): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isFile()) files.push(relative(root, path));
    else if (entry.isDirectory() && entry.name !== "node_modules" && depth < MAX_DEPTH && !(await isPackage(path)))
      files.push(...(await filesIn(root, path, depth + 1)));
  }
  return files;
}

async function isPackage(folder: string): Promise<boolean> {
  return (await entriesOf(folder)).some(({ name }) => name === "package.json");
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}
