// Identity of a server: whether an Elasticsearch answers that is new enough.
import type { ResolvedOptions } from "../options.ts";
import type { ElasticsearchClient } from "./client-types.ts";
import { isProblem, type Problem, replyProblem } from "./problem.ts";
import { askHosts } from "./request.ts";

/** An Elasticsearch that can be written to, as far as it tells. */
export interface ServerIdentity {
  /** "Elasticsearch 9.5.3", or without the version if the server does not tell it. */
  readonly product: string;
  /** Whether these credentials may ask for the version; a key that can only write may not. */
  readonly mayAsk: boolean;
  /** Whether it can ignore the fields above a limit; undefined if it does not tell its version. */
  readonly canLimitFields: boolean | undefined;
}

/** First versions, as major and minor: of `require_data_stream`, and of the requests that daily indices are written with. */
const FIRST_FOR_STREAMS = [8, 13] as const;
const FIRST_FOR_DAILY = [8, 0] as const;
/** First version with `index.mapping.total_fields.ignore_dynamic_beyond_limit`. */
const FIRST_FOR_LIMITED_FIELDS = [8, 14] as const;

/** Asks once what answers: an Elasticsearch that is new enough, or else the problem. */
export async function identifyServer(
  client: ElasticsearchClient,
  options: ResolvedOptions,
  signal: AbortSignal,
): Promise<ServerIdentity | Problem> {
  const reply = await askHosts(client, options, { method: "GET", path: "/", signal });
  if (isProblem(reply)) return reply;
  if (reply.status !== 200 && reply.status !== 403) return replyProblem(reply);
  const version = reply.status === 200 ? versionOf(reply.body) : undefined;
  const problem = version === undefined ? undefined : versionProblem(version, options);
  if (problem !== undefined) return problem;
  const product = version === undefined ? "Elasticsearch" : `Elasticsearch ${version}`;
  const canLimitFields = version === undefined ? undefined : isAtLeast(version, FIRST_FOR_LIMITED_FIELDS);
  return { product, mayAsk: reply.status === 200, canLimitFields };
}

function versionOf(body: unknown): string | undefined {
  const { version } = (body ?? {}) as {
    readonly version?: { readonly number?: unknown; readonly build_flavor?: unknown };
  };
  // The version that serverless names does not tell what it can do.
  if (version?.build_flavor === "serverless") return undefined;
  return typeof version?.number === "string" && /^\d+\.\d+[\w.-]{0,20}$/.test(version.number)
    ? version.number
    : undefined;
}

function versionProblem(version: string, { indexPrefix }: ResolvedOptions): Problem | undefined {
  const first = indexPrefix === undefined ? FIRST_FOR_STREAMS : FIRST_FOR_DAILY;
  if (isAtLeast(version, first)) return undefined;
  return {
    code: "unsupported-version",
    message: `Elasticsearch ${version} is too old: ${first.join(".")} or newer is needed`,
    hint: isAtLeast(version, FIRST_FOR_DAILY) ? "update it, or write to daily indices with indexPrefix" : "update it",
  };
}

function isAtLeast(version: string, [firstMajor, firstMinor]: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > firstMajor || (major === firstMajor && minor >= firstMinor);
}
