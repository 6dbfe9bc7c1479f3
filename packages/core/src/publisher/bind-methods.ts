// `bindMethods`: methods of a publisher that work without it.

/**
 * Gives an object its own bound copy of each method, inherited ones included; methods with a symbol as key stay as they are.
 * Call it in the constructor of a publisher that is a class: programs pass methods on without their publisher, as in
 * `emitter.on("done", metrics.publishEventMetrics)`. What is changed on the prototype later has no effect on the object.
 */
export function bindMethods(target: object): void {
  for (const [key, method] of methodsOf(target)) {
    // Not enumerable, as methods of a class: nothing that prints or compares the object shows them.
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
