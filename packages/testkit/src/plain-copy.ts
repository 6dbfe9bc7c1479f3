// Deep copies of plain data.
/** Returns a deep copy of plain data. `structuredClone` can belong to another realm, whose objects equal no object here. */
export function plainCopy<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(plainCopy) as Value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plainCopy(part)])) as Value;
}
