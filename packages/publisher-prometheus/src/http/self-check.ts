// Check of the publisher's own metrics page, by a scrape of it.
import { request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import type { CheckReport, WaitOptions } from "@eventmeter/core";
import { errorTypeOf, systemClock, waitWithin } from "@eventmeter/core/publisher";
import type { ResolvedOptions } from "../options.ts";
import { reachableHost } from "./listener.ts";
import type { ScrapeAuthorizer } from "./scrape-authorizer.ts";

/** The publisher whose page is checked. */
interface CheckedPublisher {
  readonly options: ResolvedOptions;
  readonly authorizer: ScrapeAuthorizer;
  readonly closed: boolean;
  /** Where the publisher's own server listens; undefined while it does not. */
  readonly address: AddressInfo | undefined;
  /** Renders a page without serving it. */
  readonly render: () => Promise<unknown>;
}

/**
 * Scrapes the publisher's page as a client would. Where there is no server, or where only clients with a certificate can
 * connect, the page is only rendered. Never rejects.
 */
export async function checkOwnPage(
  publisher: CheckedPublisher,
  options: WaitOptions | undefined,
): Promise<CheckReport> {
  const { address, closed } = publisher;
  const { name, server, tls } = publisher.options;
  if (closed) return { ok: false, code: "closed", message: `${name}: it is closed` };
  if (server && address === undefined) {
    const hint = "call start(), which says what is in the way";
    return { ok: false, code: "not-listening", message: `${name}: it does not listen`, hint };
  }
  const canConnect = address !== undefined && tls?.clientCa === undefined;
  const problem = canConnect ? await scrape(publisher, address, options) : await tryToRender(publisher);
  if (problem === undefined) return { ok: true, code: "ok", message: `${name}: the page is served` };
  return { ok: false, code: "page-failed", message: `${name}: the page is not served: ${problem}` };
}

/** Returns what is wrong; undefined if nothing is. */
async function tryToRender({ render }: CheckedPublisher): Promise<string | undefined> {
  try {
    await render();
    return undefined;
  } catch {
    return "it could not be made";
  }
}

/** Returns what is wrong with the answer; undefined if it is a page. */
async function scrape(
  { options: { path, tls, allowedHosts }, authorizer }: CheckedPublisher,
  { address, port }: AddressInfo,
  wait: WaitOptions | undefined,
): Promise<string | undefined> {
  const credentials = await authorizer.credentials();
  const options: RequestOptions & { rejectUnauthorized?: boolean } = {
    host: reachableHost(address),
    port,
    path,
    // A connection of its own, which ends with the answer.
    agent: false,
    headers: {
      ...(allowedHosts?.[0] === undefined ? {} : { Host: allowedHosts[0] }),
      ...(credentials === undefined ? {} : { Authorization: credentials }),
    },
    // The certificate has the name by which others reach this server; the port is known to belong to this process.
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
