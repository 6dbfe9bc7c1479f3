// The declarations of a built package, across its files.
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { type DeclarationFile, readDeclarationFile } from "./declaration-file.ts";

/** Where a name of the surface is declared: in a file under `dist/`, or in a module outside the package. */
export interface Origin {
  readonly file: string | undefined;
  readonly specifier: string;
  readonly name: string;
}

/** The declarations of one built package. */
export interface BuiltPackage {
  /** Reads one file of the folder, from memory the second time. */
  readonly read: (file: string) => DeclarationFile;
  /** Returns where a name that `file` exports, declares or imports is declared. */
  readonly origin: (file: string, name: string) => Origin | undefined;
  /** Returns the names that `file` exports, sorted. */
  readonly exported: (file: string) => string[];
}

function resolveRelative(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return posix.join(posix.dirname(file), specifier.replace(/\.[jt]s$/, ".d.ts"));
}

/** Opens the `dist` folder of a package and follows the exports and imports among its files. */
export function openPackage(dist: string): BuiltPackage {
  const files = new Map<string, DeclarationFile>();
  const read = (file: string): DeclarationFile => {
    const known = files.get(file) ?? readDeclarationFile(readFileSync(join(dist, file), "utf8"));
    files.set(file, known);
    return known;
  };
  const starTargets = (file: string): string[] =>
    read(file).stars.flatMap((star) => {
      const next = resolveRelative(file, star);
      return next === undefined ? [] : [next];
    });
  const origin = (file: string, name: string): Origin | undefined => {
    const { declarations, imports, exports } = read(file);
    const entry = exports.get(name) ?? (declarations.has(name) ? name : imports.get(name));
    if (typeof entry === "string") {
      return declarations.has(entry) ? { file, specifier: "", name: entry } : origin(file, entry);
    }
    if (entry !== undefined) {
      const next = resolveRelative(file, entry.specifier);
      return next === undefined ? { file: undefined, ...entry } : origin(next, entry.name);
    }
    for (const next of starTargets(file)) {
      const found = origin(next, name);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const exported = (file: string): string[] => {
    const names = new Set([...read(file).exports.keys(), ...starTargets(file).flatMap(exported)]);
    return [...names].toSorted();
  };
  return { read, origin, exported };
}
