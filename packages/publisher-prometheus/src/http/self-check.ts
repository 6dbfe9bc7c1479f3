import { request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import type { CheckReport, WaitOptions } from "@eventmeter/core";
import { errorTypeOf, systemClock, waitWithin } from "@eventmeter/core/publisher";
import type { Gate } from "./scrape-authorizer.ts";
import { reachableHost } from "./listener.ts";
import type { ResolvedOptions } from "../options.ts";

/** What a check of the own page needs. */
export interface SelfCheckInit {
  readonly options: ResolvedOptions;
  readonly gate: Gate;
  readonly closed: boolean;
  readonly address: AddressInfo | undefined;
  /** Makes a page without serving it. */
  readonly render: () => Promise<unknown>;
}

/** Scrapes the own page as a client would; makes it only, where there is no server or only known clients may come. Never rejects. */
export async function checkPage(init: SelfCheckInit, wait: WaitOptions | undefined): Promise<CheckReport> {
  const { options, address, closed, render } = init;
  const { name, server, tls } = options;
  if (closed) return { ok: false, code: "closed", message: `${name}: it is closed` };
  if (server && address === undefined) {
    const hint = "call start(), which says what is in the way";
    return { ok: false, code: "not-listening", message: `${name}: it does not listen`, hint };
  }
  const isProbed = address !== undefined && tls?.clientCa === undefined;
  const fault = isProbed
    ? await probe(init, address, wait)
    : await render().then(
        () => undefined,
        () => "it could not be made",
      );
  if (fault === undefined) return { ok: true, code: "ok", message: `${name}: the page is served` };
  return { ok: false, code: "page-failed", message: `${name}: the page is not served: ${fault}` };
}

/** @returns what is wrong with the answer; undefined if it is a page */
function probe(
  { options: { path, tls, allowedHosts }, gate: { credentials } }: SelfCheckInit,
  { address, port }: AddressInfo,
  wait: WaitOptions | undefined,
): Promise<string | undefined> {
  const options: RequestOptions & { rejectUnauthorized?: boolean } = {
    host: reachableHost(address),
    port,
    path,
    // A connection of its own: nothing is left behind.
    agent: false,
    headers: {
      ...(allowedHosts?.[0] === undefined ? {} : { Host: allowedHosts[0] }),
      ...(credentials === undefined ? {} : { Authorization: credentials }),
    },
    // The certificate names what others call this server; that the port is held by this process is known already.
    ...(tls === undefined ? {} : { rejectUnauthorized: false }),
  };
  const abort = new AbortController();
  const answer = new Promise<string | undefined>((resolve) => {
    const request = (tls === undefined ? httpRequest : httpsRequest)(
      { ...options, signal: abort.signal },
      (response) => {
        response.resume();
        response.once("error", () => resolve("the answer broke off"));
        response.once("end", () => {
          resolve(response.statusCode === 200 ? undefined : `the answer was ${response.statusCode}`);
        });
      },
    );
    request.once("error", (error) => resolve(`no answer (${errorTypeOf(error) ?? "unknown"})`));
    request.end();
  });
  void waitWithin(answer, wait, systemClock).then((status) => {
    if (status !== "complete") abort.abort();
  });
  return answer;
}
