// Options of an ElasticsearchPublisher: their types, rules and defaults.
import type { Clock, CommonOptions, DropReason, Resource, Secret, TlsOptions } from "@eventmeter/core";
import {
  checkOptions,
  commonOptionRules,
  option,
  type ReportOptionError,
  type OptionRule,
  MAX_DELAY_MS,
  resolveClock,
} from "@eventmeter/core/publisher";
import {
  DEFAULT_SEND_TIMEOUT_MS,
  type DeliveryOptions,
  deliveryOptionRules,
  type PushOptions,
  secureContextRule,
} from "@eventmeter/delivery";
import type { ElasticsearchClient } from "./connection/client-types.ts";
import { cloudHost, cloudIdRule } from "./connection/cloud-id.ts";
import { authRule, clientOptionsRule, hostRule, pipelineRule } from "./connection/connection-rules.ts";
import { FOREIGN_NAMES } from "./foreign-names.ts";
import { indexPrefixRule, namespaceRule } from "./index-names.ts";

/** Options of an `ElasticsearchPublisher`: one of `hosts`, `cloudId` and `client` is required. */
export interface ElasticsearchPublisherOptions extends CommonOptions {
  /** Addresses of the cluster, such as `https://es.example:9200`; credentials go into `auth`. */
  readonly hosts?: readonly string[] | undefined;
  /** Cloud ID of a deployment on Elastic Cloud, instead of `hosts`. */
  readonly cloudId?: string | undefined;
  /** Credentials. @default none */
  readonly auth?: ElasticsearchAuth | undefined;
  /** TLS of the connections. @default the authorities that Node.js trusts, and no certificate of its own */
  readonly tls?: TlsOptions | undefined;
  /** Further options of the official client, such as `{ caFingerprint }` or `{ proxy }`. @default none */
  readonly clientOptions?: Readonly<Record<string, unknown>> | undefined;
  /** An official client of your own instead of `hosts`, of major 8 or 9; it is never closed. */
  readonly client?: ElasticsearchClient | undefined;
  /** Ingest pipeline that all documents go through. @default the one that the index names */
  readonly pipeline?: string | undefined;
  /** Last part of the names of the data streams, `metrics-eventmeter.event-<namespace>`. @default "default" */
  readonly namespace?: string | undefined;
  /** Writes to daily indices instead, such as `<prefix>-event-2026.11.22`, with the standard dictionary (`formatMetrics`). @default data streams */
  readonly indexPrefix?: string | undefined;
  /** Whether to install an index template if there is none of that name, or an older one of this package. @default true */
  readonly templates?: boolean | undefined;
  /**
   * Whether records without an `endTime` are stored, which shows executions that have not ended, or are `ignored.unfinished`.
   * @default "store"
   */
  readonly unfinished?: "store" | "ignore" | undefined;
  /** How long the server keeps documents of data streams that are created from now on, such as `30d`. @default forever */
  readonly retention?: string | undefined;
  /** Whether requests are compressed: about 14 times smaller, for half as much CPU again. @default false */
  readonly compression?: boolean | undefined;
  /** Documents in one request. @default 1000 */
  readonly maxBatchRecords?: number | undefined;
  /** Bytes of one request before compression; a larger document is sent alone. @default 1048576 (1 MiB) */
  readonly maxBatchBytes?: number | undefined;
  /** Longest time that a record waits for others, in milliseconds. @default 1000 */
  readonly lingerMs?: number | undefined;
  /** Memory of all records that wait or are in flight, in bytes, from 16,384. @default 33554432 (32 MiB) */
  readonly maxQueueBytes?: number | undefined;
  /** What is dropped when the memory is full: the new record, or the oldest batch that is not in flight. @default "drop-newest" */
  readonly overflow?: "drop-newest" | "drop-oldest" | undefined;
  /** Requests in flight at a time. @default 4 */
  readonly concurrency?: number | undefined;
  /** Data streams or indices that records are gathered for at a time. @default 64 */
  readonly maxLanes?: number | undefined;
  /** Age at which a batch that was sent without success is dropped, in milliseconds. @default 900000 (15 minutes) */
  readonly maxAgeMs?: number | undefined;
  /** Longest time of one request, in milliseconds. @default 10000 */
  readonly sendTimeoutMs?: number | undefined;
  /** Receives each record that is given up after encoding, once. @default nothing */
  readonly onDrop?: ((record: ElasticsearchDroppedRecord) => void) | undefined;
}

/**
 * Credentials: an API key (the value `encoded` of the reply that created it), a user and a password, or a bearer token. Each
 * secret is a text, or a function that returns the current one and is called again after a 401. White space and line ends
 * around a key or token are removed, and the line end after a password.
 */
export type ElasticsearchAuth =
  | {
      readonly apiKey: Secret;
      readonly username?: undefined;
      readonly password?: undefined;
      readonly bearer?: undefined;
    }
  | {
      readonly username: string;
      readonly password: Secret;
      readonly apiKey?: undefined;
      readonly bearer?: undefined;
    }
  | {
      readonly bearer: Secret;
      readonly apiKey?: undefined;
      readonly username?: undefined;
      readonly password?: undefined;
    };

/** A record that was given up after it had been encoded. */
export interface ElasticsearchDroppedRecord {
  /** Its reason in `droppedBy` of the health. */
  readonly countedAs: DropReason;
  /** Cause: the type of an Elasticsearch error, or a text of this library; never a payload. */
  readonly reason: string;
  /** The action line and the document, as they would have been sent. */
  readonly bytes: Uint8Array;
}

/** Options with their defaults. Those of delivery are passed on as they are. */
export interface ResolvedOptions {
  readonly name: string;
  readonly resource: Resource | undefined;
  readonly clock: Clock;
  readonly hosts: readonly string[];
  readonly auth: ElasticsearchAuth | undefined;
  readonly tls: TlsOptions | undefined;
  readonly clientOptions: Readonly<Record<string, unknown>> | undefined;
  readonly client: ElasticsearchClient | undefined;
  readonly pipeline: string | undefined;
  readonly namespace: string;
  readonly indexPrefix: string | undefined;
  readonly templates: boolean;
  readonly retention: string | undefined;
  readonly unfinished: "store" | "ignore";
  readonly compression: boolean;
  readonly sendTimeoutMs: number;
}

const isClient = (value: unknown): boolean => {
  const client = value as ElasticsearchClient;
  return typeof client.transport.request === "function" && typeof client.close === "function";
};

const rules: { readonly [Name in keyof ElasticsearchPublisherOptions]-?: OptionRule } = {
  ...commonOptionRules,
  ...(deliveryOptionRules as { readonly [Name in keyof DeliveryOptions]-?: OptionRule }),
  hosts: option.list(hostRule),
  cloudId: cloudIdRule,
  auth: authRule,
  tls: secureContextRule,
  pipeline: pipelineRule,
  clientOptions: clientOptionsRule,
  client: option.instance(isClient, "a client of @elastic/elasticsearch"),
  namespace: namespaceRule,
  indexPrefix: indexPrefixRule,
  templates: option.boolean(),
  retention: option.string({ pattern: /^[1-9]\d{0,8}(?:d|h|m|s)$/, expected: "a time as 30d or 12h" }),
  unfinished: option.oneOf(["store", "ignore"]),
  compression: option.boolean(),
};

/** Validates options and fills in the defaults. @throws PublisherError `options`, listing every wrong field */
export function resolveOptions(options: ElasticsearchPublisherOptions): ResolvedOptions {
  checkOptions("elasticsearch", options === undefined ? {} : options, rules, checkTogether, FOREIGN_NAMES);
  return {
    name: options.name ?? "elasticsearch",
    resource: options.resource,
    clock: resolveClock(options.clock),
    hosts: options.hosts ?? hostsOf(options.cloudId),
    auth: options.auth,
    tls: options.tls,
    clientOptions: options.clientOptions,
    client: options.client,
    pipeline: options.pipeline,
    namespace: options.namespace ?? "default",
    indexPrefix: options.indexPrefix,
    templates: options.templates ?? true,
    retention: options.retention,
    unfinished: options.unfinished ?? "store",
    compression: options.compression ?? false,
    sendTimeoutMs: options.sendTimeoutMs ?? DEFAULT_SEND_TIMEOUT_MS,
  };
}

function hostsOf(cloudId = ""): readonly string[] {
  const host = cloudHost(cloudId);
  return host === undefined ? [] : [host];
}

/** Returns the options that delivery takes, and no others. */
export function pushOptions(options: ElasticsearchPublisherOptions): PushOptions {
  const names = Object.keys({ ...commonOptionRules, ...deliveryOptionRules }) as (keyof PushOptions)[];
  const given: PushOptions = Object.fromEntries(names.map((name) => [name, options[name]]));
  // Requests have a limit of their own; this one ends an attempt that misses it.
  const attemptTimeoutMs = (options.sendTimeoutMs ?? DEFAULT_SEND_TIMEOUT_MS) + 1_000;
  return { ...given, sendTimeoutMs: Math.min(attemptTimeoutMs, MAX_DELAY_MS) };
}

function checkTogether(options: Readonly<Record<string, unknown>>, report: ReportOptionError): void {
  try {
    checkTarget(options, report);
  } catch {
    // The rule of the option that cannot be read has already reported it.
  }
}

function checkTarget(options: Readonly<Record<string, unknown>>, report: ReportOptionError): void {
  const { hosts, cloudId, client, tls, clientOptions, namespace, indexPrefix, retention, templates } = options;
  if (client === undefined && hosts === undefined && cloudId === undefined)
    report("missing; give hosts, cloudId or a client", "hosts");
  if (Array.isArray(hosts) && hosts.length === 0) report("expected at least one address", "hosts");
  if (hosts !== undefined && cloudId !== undefined) report("not together with hosts", "cloudId");
  if (client !== undefined) {
    if (hosts !== undefined) report("not together with client", "hosts");
    for (const name of ["cloudId", "auth", "tls", "clientOptions"])
      if (options[name] !== undefined) report("not together with client, which has its own", name);
  }
  if (tls !== undefined && (clientOptions as { readonly tls?: unknown } | undefined)?.tls !== undefined)
    report("not together with clientOptions.tls", "tls");
  if (indexPrefix !== undefined && namespace !== undefined) report("not together with indexPrefix", "namespace");
  if (retention === undefined) return;
  if (indexPrefix !== undefined) report("only for data streams, not together with indexPrefix", "retention");
  if (templates === false) report("is part of the template, which templates: false leaves out", "retention");
}
