import type { CheckReport, WaitOptions } from "@eventmeter/core";
import { readWaitOptions } from "@eventmeter/core/publisher";
import { post, type SendInit } from "./send.ts";

/** Sends a request without series, which every receiver takes and none stores. Never rejects. */
export async function checkEndpoint(init: SendInit, options: WaitOptions | undefined): Promise<CheckReport> {
  const { timeoutMs, signal } = readWaitOptions(options);
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const timer = init.clock.setTimeout(abort, timeoutMs);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted === true) abort();
  try {
    const payload = { body: new Uint8Array(), headers: { "content-type": "application/x-protobuf" }, isLarge: false };
    const { fault } = await post(init, payload, controller.signal, true);
    if (fault === undefined) return { ok: true, code: "ok", message: "the endpoint takes metrics" };
    const { code, message, hint } = fault;
    return { ok: false, code, message, hint };
  } finally {
    timer.cancel();
    signal?.removeEventListener("abort", abort);
  }
}
