// Watch over a caller's record: what a publisher reads too late, and what it changes.

/** Records what happens to the records of a caller. */
export class RecordWatch {
  /** Paths read after `publishReturned`. */
  readonly late: string[] = [];
  /** Paths written, deleted or defined, at any time. */
  readonly written: string[] = [];
  #hasReturned = false;

  /** Returns a stand-in for `record` that is watched, with the objects inside it. */
  over<Rec extends object>(record: Rec): Rec {
    return this.#watched(record, "record");
  }

  /** From now on every read is too late. */
  publishReturned(): void {
    this.#hasReturned = true;
  }

  #watched<Target extends object>(target: Target, path: string): Target {
    const read = (key: PropertyKey = "its keys"): void => {
      if (this.#hasReturned) this.late.push(`${path}.${String(key)}`);
    };
    const write = (key: PropertyKey): true => {
      this.written.push(`${path}.${String(key)}`);
      return true;
    };
    return new Proxy(target, {
      get: (inner, key) => {
        read(key);
        const value: unknown = Reflect.get(inner, key);
        return typeof value === "object" && value !== null ? this.#watched(value, `${path}.${String(key)}`) : value;
      },
      has(inner, key) {
        read(key);
        return Reflect.has(inner, key);
      },
      ownKeys(inner) {
        read();
        return Reflect.ownKeys(inner);
      },
      getOwnPropertyDescriptor(inner, key) {
        read(key);
        return Reflect.getOwnPropertyDescriptor(inner, key);
      },
      set: (_inner, key) => write(key),
      deleteProperty: (_inner, key) => write(key),
      defineProperty: (_inner, key) => write(key),
    });
  }
}
