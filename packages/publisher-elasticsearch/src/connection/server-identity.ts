import type { CheckReport } from "@eventmeter/core";
import type { ElasticsearchClient } from "./client-types.ts";
import { exchange, isFailure } from "./request.ts";
import type { Failure } from "./request-failure.ts";
import type { ResolvedOptions } from "../options.ts";
import { errorOf, errorType, type Reply } from "./reply.ts";

/** What was found, without the publisher's name. */
export type Finding = Pick<CheckReport, "code" | "message" | "hint">;

/** An Elasticsearch that can be written to, as far as it says. */
export interface Identity {
  /** As "Elasticsearch 9.5.3", or without the version where it is not told. */
  readonly server: string;
  /** Whether it told these credentials what it is; a key that may only write may not ask. */
  readonly told: boolean;
}

/** First versions, as major and minor: of `require_data_stream`, and of the requests that daily indices take. */
const FIRST_FOR_STREAMS = [8, 13] as const;
const FIRST_FOR_DAILY = [8, 0] as const;

/** Asks once what answers there: an Elasticsearch that is new enough, or what else was found. */
export async function identify(
  client: ElasticsearchClient,
  options: ResolvedOptions,
  signal: AbortSignal,
): Promise<Identity | Finding> {
  const info = await exchange(client, { method: "GET", path: "/", signal });
  if (isFailure(info)) return failureFinding(info);
  if (info.status !== 200 && info.status !== 403) return statusFinding(info);
  const version = info.status === 200 ? versionOf(info.body) : undefined;
  const unfit = version === undefined ? undefined : versionFinding(version, options);
  if (unfit !== undefined) return unfit;
  return { server: version === undefined ? "Elasticsearch" : `Elasticsearch ${version}`, told: info.status === 200 };
}

/** Tells what was found in the way from an Elasticsearch. */
export function isFinding(given: Identity | Finding): given is Finding {
  return "code" in given;
}

/** Gives a finding as one sentence, with what to do. */
export function findingText({ message, hint }: Finding): string {
  return hint === undefined ? message : `${message}; ${hint}`;
}

/** Says why there was no answer. */
export function failureFinding({ failure, message, hint }: Failure): Finding {
  return { code: failure, message, hint };
}

/** Says what an answer means that is none of an Elasticsearch that is ready. */
export function statusFinding({ status, body }: Reply): Finding {
  if (status === 401)
    return {
      code: "unauthorized",
      message: "the credentials are not accepted (401)",
      hint: "check auth; of a key it is the value `encoded`",
    };
  if (status >= 500 || status === 429 || status === 408)
    return {
      code: "unavailable",
      message: `the server is not ready (${status})`,
      hint: "GET _cluster/health says more",
    };
  if (status === 404 && errorType(errorOf(body)) !== undefined)
    return {
      code: "not-found",
      message: "Elasticsearch answers, but it is not at this path (404)",
      hint: "check the path in hosts; most have none",
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
