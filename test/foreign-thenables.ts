// Thenables as no promise is: each one breaks a rule of promises in its own way.
// oxlint-disable unicorn/no-thenable -- they are the subject of the test

type Callback = (value?: unknown) => void;

/** Makes a foreign thenable that calls its callbacks as it likes. */
function thenable(then: (resolve: Callback, reject: Callback) => void): () => unknown {
  return () => ({ then });
}

class OddPromise extends Promise<void> {
  override then(): never {
    throw new Error("in then");
  }
}

/** Functions that return foreign thenables, by what they do. */
export const FOREIGN_THENABLES: Readonly<Record<string, () => unknown>> = {
  throws: thenable(() => {
    throw new Error("in then");
  }),
  "resolves at once": thenable((resolve) => resolve()),
  "rejects at once": thenable((_, reject) => reject(new Error("rejected"))),
  "resolves twice": thenable((resolve) => {
    resolve();
    resolve();
  }),
  "resolves and rejects": thenable((resolve, reject) => {
    resolve();
    reject(new Error("rejected"));
  }),
  "rejects and resolves": thenable((resolve, reject) => {
    reject(new Error("rejected"));
    resolve();
  }),
  "throws after it has resolved": thenable((resolve) => {
    resolve();
    throw new Error("in then");
  }),
  "resolves to one that throws": thenable((resolve) => resolve(FOREIGN_THENABLES["throws"]?.())),
  "is a function": () => Object.assign(() => undefined, { then: (resolve: Callback) => resolve() }),
  "has a getter that throws the second time": () => {
    let reads = 0;
    return Object.defineProperty({}, "then", {
      get() {
        reads += 1;
        if (reads > 1) throw new Error("in the getter");
        return (resolve: Callback) => resolve();
      },
    });
  },
  "is a promise whose then throws": () => new OddPromise((resolve) => resolve()),
  "is a promise whose constructor throws": () =>
    Object.defineProperty(Promise.resolve(), "constructor", {
      get() {
        throw new Error("in the getter");
      },
    }),
};
