// Loads this package in a realm of its own, whose objects are not those of the caller. Needs --experimental-vm-modules.
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createContext, type Module, SourceTextModule } from "node:vm";

/** Returns the exports of a TypeScript module that is evaluated in a new realm together with everything it imports. */
export async function loadInRealm(path: string): Promise<unknown> {
  const context = createContext({ process, performance, setTimeout, clearTimeout });
  const modules = new Map<string, SourceTextModule>();
  const load = (url: string): SourceTextModule => {
    const known = modules.get(url);
    if (known !== undefined) return known;
    const code = stripTypeScriptTypes(readFileSync(fileURLToPath(url), "utf8"));
    const module = new SourceTextModule(code, { context, identifier: url });
    modules.set(url, module);
    return module;
  };
  const root = load(pathToFileURL(path).href);
  await root.link((specifier: string, { identifier }: Module) => load(new URL(specifier, identifier).href));
  await root.evaluate();
  return root.namespace;
}
