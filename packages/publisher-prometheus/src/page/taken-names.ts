// Names on one page: a family owns its own name and those of its samples, in either format.
import type { FamilyHead } from "./exposition-text.ts";

/** The names of the families of one page. */
export class FamilyNames {
  readonly #taken = new Set<string>();

  /** Takes the names of a family; returns false, and takes none, if one of them belongs to another family. */
  take(name: string, type: FamilyHead["type"]): boolean {
    const names = ownedNames(name, type);
    if (names.some((owned) => this.#taken.has(owned))) return false;
    for (const owned of names) this.#taken.add(owned);
    return true;
  }
}

function ownedNames(name: string, type: FamilyHead["type"]): readonly string[] {
  if (type === "histogram") return [name, ...["_bucket", "_sum", "_count", "_created"].map((suffix) => name + suffix)];
  if (type === "summary") return [name, ...["_sum", "_count", "_created"].map((suffix) => name + suffix)];
  // In OpenMetrics the name of these families lacks the suffix.
  if (type === "counter" && name.endsWith("_total")) {
    const base = name.slice(0, -"_total".length);
    return [base, name, `${base}_created`];
  }
  return type === "info" && name.endsWith("_info") ? [name.slice(0, -"_info".length), name] : [name];
}
