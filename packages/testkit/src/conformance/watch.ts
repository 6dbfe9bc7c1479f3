/** Notes what happens to a caller's record. */
export interface RecordWatch {
  /** Paths read after `close`. */
  readonly late: readonly string[];
  /** Paths written, deleted or defined, at any time. */
  readonly written: readonly string[];
  /** Gives a stand-in for `record` that is watched, with the objects inside it. */
  over<Rec extends object>(record: Rec): Rec;
  /** Says that publish has returned. */
  close(): void;
}

/** Makes a watch. */
export function createWatch(): RecordWatch {
  const late: string[] = [];
  const written: string[] = [];
  let closed = false;

  function watched<Target extends object>(target: Target, path: string): Target {
    const read = (key: PropertyKey = "its keys"): void => void (closed && late.push(`${path}.${String(key)}`));
    const write = (key: PropertyKey): true => {
      written.push(`${path}.${String(key)}`);
      return true;
    };
    return new Proxy(target, {
      get(inner, key) {
        read(key);
        const value: unknown = Reflect.get(inner, key);
        return typeof value === "object" && value !== null ? watched(value, `${path}.${String(key)}`) : value;
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

  return { late, written, over: (record) => watched(record, "record"), close: () => void (closed = true) };
}
