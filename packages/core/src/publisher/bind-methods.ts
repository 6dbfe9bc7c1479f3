// `bindMethods`: methods of a publisher that work without it.

/**
 * Binds every method of an object's classes that has a name to the object. Call it in the constructor of a publisher that is a class, since
 * programs pass methods on without their publisher, as in `emitter.on("done", metrics.publishEventMetrics)`.
 */
export function bindMethods(target: object): void {
  for (const [key, method] of methodsOf(target)) {
    // As a method of a class is: nothing that shows or compares the object shows it.
    Object.defineProperty(target, key, { value: method.bind(target), writable: true, configurable: true });
  }
}

type Method = (this: object, ...values: never[]) => unknown;

/** Returns the methods of all classes of an object; where a class overrides a method of another, that one. */
function methodsOf(target: object): Map<string, Method> {
  const methods = new Map<string, Method>();
  for (let owner = parentOf(target); owner !== null && owner !== Object.prototype; owner = parentOf(owner)) {
    // Without symbols: V8 takes no bound function as the `Symbol.asyncDispose` of an `await using`.
    for (const key of Object.getOwnPropertyNames(owner)) {
      const value: unknown = Object.getOwnPropertyDescriptor(owner, key)?.value;
      if (typeof value === "function" && key !== "constructor" && !methods.has(key)) methods.set(key, value as Method);
    }
  }
  return methods;
}

function parentOf(value: object): object | null {
  return Object.getPrototypeOf(value) as object | null;
}
