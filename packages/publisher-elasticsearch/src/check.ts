import { type CheckReport, isPublisherError, type WaitOptions, waitWithin } from "@eventmeter/core";
import type { Connection, ElasticsearchClient } from "./client.ts";
import { exchange, isFailure } from "./exchange.ts";
import type { Failure } from "./failure.ts";
import { streamName } from "./names.ts";
import type { ResolvedOptions } from "./options.ts";
import type { Reply } from "./reply.ts";

/** What was found, without the publisher's name. */
type Finding = Pick<CheckReport, "code" | "message" | "hint">;

/** First versions, as major and minor: of `require_data_stream`, and of the requests that daily indices take. */
const FIRST_FOR_STREAMS = [8, 13] as const;
const FIRST_FOR_DAILY = [8, 0] as const;

/** Asks the server what it is, and whether these credentials may write; stores nothing. Never rejects. */
export async function checkServer(
  connection: Connection,
  options: ResolvedOptions,
  wait: WaitOptions | undefined,
): Promise<CheckReport> {
  const { name, clock } = options;
  const ending = new AbortController();
  const probing = connection.client().then((client) => probe(client, options, ending.signal));
  const found = probing.catch((caught: unknown): Finding => {
    // Only a client that cannot be made gets here.
    const message = isPublisherError(caught) ? caught.message.slice(`${name}: `.length) : "there is no client";
    return { code: "client", message, hint: "npm install @elastic/elasticsearch" };
  });
  const status = await waitWithin(found, wait, clock);
  ending.abort();
  const finding: Finding =
    status === "complete"
      ? await found
      : {
          code: "timeout",
          message: "there was no answer in time",
          hint: "give more time, or check what is on the way",
        };
  return { ...finding, ok: finding.code === "ok", message: `${name}: ${finding.message}` };
}

async function probe(client: ElasticsearchClient, options: ResolvedOptions, signal: AbortSignal): Promise<Finding> {
  const info = await exchange(client, { method: "GET", path: "/", signal });
  if (isFailure(info)) return failureFinding(info);
  // A key that may only write may not ask for the version: the next answer says more.
  if (info.status !== 200 && info.status !== 403) return statusFinding(info);
  const version = versionOf(info.body);
  const unfit = version === undefined ? undefined : versionFinding(version, options);
  if (unfit !== undefined) return unfit;
  const server = version === undefined ? "Elasticsearch" : `Elasticsearch ${version}`;

  const privileges = privilegesOf(options);
  const answer = await exchange(client, {
    method: "POST",
    path: "/_security/user/_has_privileges",
    body: JSON.stringify({ index: [privileges] }),
    headers: { "content-type": "application/json" },
    signal,
  });
  if (isFailure(answer)) return failureFinding(answer);
  if (answer.status === 401) return statusFinding(answer);
  const allowed = (answer.body as { readonly has_all_requested?: unknown } | undefined)?.has_all_requested;
  const target = privileges.names.join(" and ");
  if (answer.status === 200 && allowed === false)
    return {
      code: "forbidden",
      message: `${server} answers, but these credentials may not write to ${target}`,
      hint: `they need the privileges ${privileges.privileges.join(" and ")} on it`,
    };
  // Without its security features a server does not know the question.
  const known = allowed === true ? `and lets these credentials write to ${target}` : "and has not been asked to write";
  return { code: "ok", message: `${server} answers ${known}` };
}

function failureFinding({ failure, message, hint }: Failure): Finding {
  return { code: failure, message, hint };
}

function statusFinding({ status }: Reply): Finding {
  if (status === 401)
    return { code: "unauthorized", message: "the credentials are not accepted (401)", hint: "check auth" };
  if (status >= 500 || status === 429)
    return {
      code: "unavailable",
      message: `the server is not ready (${status})`,
      hint: "GET _cluster/health says more",
    };
  return {
    code: "not-elasticsearch",
    message: `what answers there does not look like Elasticsearch (${status})`,
    hint: "check the address in hosts; redirects are not followed",
  };
}

function versionOf(body: unknown): string | undefined {
  const { version } = (body ?? {}) as {
    readonly version?: { readonly number?: unknown; readonly build_flavor?: unknown };
  };
  // Serverless names a version that says nothing of what it can do.
  if (version?.build_flavor === "serverless") return undefined;
  return typeof version?.number === "string" && /^\d+\.\d+[\w.-]{0,20}$/.test(version.number)
    ? version.number
    : undefined;
}

function versionFinding(version: string, { indexPrefix }: ResolvedOptions): Finding | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const first = indexPrefix === undefined ? FIRST_FOR_STREAMS : FIRST_FOR_DAILY;
  if (major > first[0] || (major === first[0] && minor >= first[1])) return undefined;
  return {
    code: "unsupported-version",
    message: `Elasticsearch ${version} is too old: ${first.join(".")} or newer is needed`,
    hint: major >= FIRST_FOR_DAILY[0] ? "update it, or write to daily indices with indexPrefix" : "update it",
  };
}

function privilegesOf({ namespace, indexPrefix }: ResolvedOptions): {
  readonly names: readonly string[];
  readonly privileges: readonly string[];
} {
  const privileges = ["create_doc", "auto_configure"];
  return indexPrefix === undefined
    ? { names: [streamName("event", namespace), streamName("network", namespace)], privileges }
    : { names: [`${indexPrefix}-event-*`, `${indexPrefix}-network-*`], privileges };
}
