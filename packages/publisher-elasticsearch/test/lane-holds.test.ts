import { createVirtualClock } from "@eventmeter/testkit";
import { describe, expect, test } from "vitest";
import { LaneHolds } from "../src/bulk/lane-holds.ts";
import { resolveOptions } from "../src/options.ts";
import { TemplateInstaller } from "../src/templates/template-installer.ts";

const context = {
  signal: new AbortController().signal,
  attempt: 1,
  report: { error: () => undefined, diagnostic: () => undefined },
};
const client = {
  transport: { request: () => Promise.reject(new Error("not reached")) },
  close: () => Promise.resolve(),
};

/** Holds of a publisher that installs no template, and what they decide about a 403. */
function openHolds() {
  const clock = createVirtualClock();
  const holds = new LaneHolds(clock, undefined, 1_000);
  const shouldHold = (lane: string): Promise<boolean> =>
    holds.shouldHold({
      lane,
      rejection: { status: 403, type: "security_exception" },
      sentAt: clock.monotonic(),
      client,
      context,
    });
  return { clock, holds, shouldHold };
}

describe("a lane that rejects documents", () => {
  test("is held if it has stored none in the last 5 s", async () => {
    const { clock, holds, shouldHold } = openHolds();
    expect(await shouldHold("lane")).toBe(true);
    holds.recordStored("lane");
    await clock.advance(4_999);
    expect(await shouldHold("lane")).toBe(false);
    await clock.advance(1);
    expect(await shouldHold("lane")).toBe(true);
  });

  test("is remembered among the 1,024 used last, so that old daily indices hold no memory", async () => {
    const { holds, shouldHold } = openHolds();
    for (let index = 0; index < 1_024; index += 1) holds.recordStored(`lane-${index}`);
    expect(await shouldHold("lane-0")).toBe(false);
    holds.recordStored("lane-0");
    holds.recordStored("lane-1024");
    expect(await shouldHold("lane-0")).toBe(false);
    expect(await shouldHold("lane-1")).toBe(true);
    expect(await shouldHold("lane-2")).toBe(false);
  });
});

describe("a lane whose template is gone", () => {
  test("is not held, and its template is installed once for all requests that were sent before", async () => {
    const clock = createVirtualClock();
    const methods: string[] = [];
    async function* body(): AsyncGenerator<Buffer> {
      yield Buffer.from("{}");
    }
    const answering = {
      transport: {
        request: async ({ method }: { readonly method: string }) => {
          methods.push(method);
          return { statusCode: method === "GET" ? 404 : 200, headers: {}, body: body() };
        },
      },
      close: () => Promise.resolve(),
    };
    const installer = new TemplateInstaller(resolveOptions({ client: answering }));
    const holds = new LaneHolds(clock, installer, 1_000);
    const rejection = { status: 404, type: "index_not_found_exception" };
    const shouldHold = (sentAt: number): Promise<boolean> =>
      holds.shouldHold({ lane: "lane", rejection, sentAt, client: answering, context });

    const before = clock.monotonic();
    await clock.advance(1_000);
    expect(await shouldHold(before)).toBe(false);
    expect(methods).toEqual(["GET", "PUT"]);
    expect(await shouldHold(before)).toBe(false);
    expect(methods).toEqual(["GET", "PUT"]);

    await clock.advance(1_000);
    expect(await shouldHold(clock.monotonic())).toBe(false);
    expect(methods).toEqual(["GET", "PUT", "GET", "PUT"]);
  });
});
