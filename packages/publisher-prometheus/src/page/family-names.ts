import type { PlainFamily } from "./page-writer.ts";

/** The names that are on a page: a family owns its own and those of its samples, in either format. */
export interface FamilyNames {
  /** Takes the names of a family; false, and nothing taken, if one of them belongs to another. */
  take(name: string, type: PlainFamily["type"]): boolean;
}

/** Opens the names of one page. */
export function createFamilyNames(): FamilyNames {
  const taken = new Set<string>();
  return {
    take(name, type) {
      const names = ownedNames(name, type);
      if (names.some((owned) => taken.has(owned))) return false;
      for (const owned of names) taken.add(owned);
      return true;
    },
  };
}

function ownedNames(name: string, type: PlainFamily["type"]): readonly string[] {
  if (type === "histogram") return [name, ...["_bucket", "_sum", "_count", "_created"].map((suffix) => name + suffix)];
  if (type === "summary") return [name, ...["_sum", "_count", "_created"].map((suffix) => name + suffix)];
  // In OpenMetrics these families are called by what stands before the suffix.
  if (type === "counter" && name.endsWith("_total")) {
    const base = name.slice(0, -"_total".length);
    return [base, name, `${base}_created`];
  }
  return type === "info" && name.endsWith("_info") ? [name.slice(0, -"_info".length), name] : [name];
}
