import type { CheckReport, PublisherError, WaitOptions } from "@eventmeter/core";
import { waitWithin } from "@eventmeter/core/publisher";
import type { ElasticsearchClient } from "./client-types.ts";
import type { Connection } from "./connection.ts";
import { exchange, isFailure } from "./request.ts";
import { failureFinding, type Finding, identify, isFinding, statusFinding } from "./server-identity.ts";
import { streamName } from "../index-names.ts";
import type { ResolvedOptions } from "../options.ts";

/** What is no fault: that these credentials may write, or that nobody can tell. */
const GOOD: ReadonlySet<string> = new Set(["ok", "write-unknown"]);

/** Asks the server what it is, and whether these credentials may write; stores nothing. Never rejects. */
export async function checkServer(
  connection: Connection,
  options: ResolvedOptions,
  wait: WaitOptions | undefined,
): Promise<CheckReport> {
  const { name, clock } = options;
  const ending = new AbortController();
  const probing = connection.client().then((client) => probe(client, options, ending.signal));
  // Only a client that cannot be made gets here.
  const found = probing.catch((caught: unknown) => (caught as PublisherError).cause as Finding);
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
  return { ...finding, ok: GOOD.has(finding.code), message: `${name}: ${finding.message}` };
}

async function probe(client: ElasticsearchClient, options: ResolvedOptions, signal: AbortSignal): Promise<Finding> {
  const identity = await identify(client, options, signal);
  if (isFinding(identity)) return identity;
  const { server, told } = identity;

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
  const body = answer.status === 200 ? answer.body : undefined;
  const allowed = (body as { readonly has_all_requested?: unknown } | undefined)?.has_all_requested;
  const target = privileges.names.join(" and ");
  const needed = `they need the privileges ${privileges.privileges.join(" and ")} on it`;
  if (allowed === false)
    return {
      code: "forbidden",
      message: `${server} answers, but these credentials may not write to ${target}`,
      hint: needed,
    };
  // Every user may ask what it may do: who may not even that is let through to nothing.
  if (answer.status === 403 && !told)
    return {
      code: "forbidden",
      message: `${server} answers, but refuses these credentials all that was asked (403)`,
      hint: `to write to ${target} ${needed}`,
    };
  const missing = await missingTemplate(client, options, server, signal);
  if (missing !== undefined) return missing;
  if (allowed === true)
    return { code: "ok", message: `${server} answers and lets these credentials write to ${target}` };
  // Without its security features a server does not know the question.
  return { code: "write-unknown", message: `${server} answers; whether it lets you write to ${target} is not known` };
}

/** Finds that nothing would make the data streams, where that is left to others. */
async function missingTemplate(
  client: ElasticsearchClient,
  { templates, indexPrefix, namespace }: ResolvedOptions,
  server: string,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  if (templates || indexPrefix !== undefined) return undefined;
  const stream = streamName("event", namespace);
  const matching = await exchange(client, {
    method: "POST",
    path: `/_index_template/_simulate_index/${encodeURIComponent(stream)}`,
    querystring: "filter_path=overlapping,template.aliases",
    signal,
  });
  // A key that may only write may not ask.
  if (isFailure(matching) || matching.status !== 200 || matching.text !== "{}") return undefined;
  const existing = await exchange(client, {
    method: "GET",
    path: `/_resolve/index/${encodeURIComponent(stream)}`,
    querystring: "filter_path=data_streams.name",
    signal,
  });
  if (isFailure(existing) || existing.status !== 404) return undefined;
  return {
    code: "template-missing",
    message: `${server} answers, but no index template makes ${stream} a data stream: records would be held`,
    hint: "leave templates out, or let somebody install a template for it",
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
