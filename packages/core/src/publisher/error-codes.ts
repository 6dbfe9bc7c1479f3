// Every code of an error, a diagnostic and a check that the packages of this project use.

/** Codes of `PublisherError`; a publisher may add its own. */
export const ERROR_CODES = [
  // Options or arguments are wrong: thrown at once, and nothing was created.
  "options",
  // The publisher could not start. Records wait if the error is retryable, otherwise they are dropped as `refused`.
  "start-failed",
  // A record was dropped as `invalid`.
  "invalid-record",
  // A record was dropped for the reason in the message.
  "record-dropped",
  // A record was dropped as `encode`.
  "encode-failed",
  // A handler of a publisher, or a publisher inside another one, threw or rejected.
  "publisher-failed",
  // A callback of the program threw or rejected: a predicate, a mapping, `onError`, `onDiagnostic` or `onDrop`.
  "callback-failed",
  // A function that returns a secret threw, was too slow, or returned an invalid value; it is called again.
  "credentials-failed",
  // A request failed; what it held is sent again.
  "send-failed",
  // The backend rejects credentials or configuration; records of the lane wait until that is corrected.
  "held",
  // The backend rejected a snapshot of series; the next interval sends another one.
  "snapshot-rejected",
  // The backend rejects single series, which are left out from now on.
  "series-rejected",
  // The clock was set back; series are sent again once it has caught up.
  "clock-behind",
  // A family reached its limit of label sets; further ones are added to one set `_overflow`.
  "series-overflow",
  // Bounds of buckets look like milliseconds; they are seconds.
  "bounds-in-milliseconds",
  // The backend answered with a success that is not a reply of its protocol; the series count as delivered.
  "reply-unknown",
  // The backend took the series except for some samples.
  "partial-success",
  // The metrics page could not be rendered.
  "page-failed",
  // Clients did not read the metrics page, and their connections were ended.
  "page-unread",
  // A registry could not be read or changed; the metrics page goes without it.
  "registry-failed",
  // A metric of a registry is invalid and left out of the metrics page.
  "metric-left-out",
  // More publishers are watched than the metrics page shows.
  "watch-overflow",
  // The index template could not be installed.
  "template-failed",
  // An index template of higher priority decides about data streams, and makes none.
  "template-shadowed",
  // The retention that another process, or an earlier start, gave the index template was replaced by another one.
  "retention-replaced",
  // Elasticsearch sent documents to the failure store.
  "failure-store",
] as const;

/** The code of a `PublisherError`: one of `ERROR_CODES`, or one that a publisher adds. */
export type ErrorCode = (typeof ERROR_CODES)[number] | (string & {});

/** Codes that `onDiagnostic` gets; a publisher may add its own. */
export const DIAGNOSTIC_CODES = [
  // Records of executions that have ended were ignored, because they have no `endTime`.
  "unfinished-records",
  // Records of a held lane are sent again.
  "resumed",
  // The endpoint of a stack was found.
  "endpoint-found",
  // The index template was installed.
  "template-installed",
  // The index template has another owner and stays as it is.
  "template-kept",
  // The API key may not see or install the index template.
  "template-not-allowed",
  // An index template of higher priority decides about the mappings.
  "mappings-shadowed",
  // The server does not say which index template decides.
  "template-unknown",
  // Elasticsearch is too old to store numeric attributes as fields of their own.
  "numeric-labels-off",
  // Node.js was told to use the proxy of the environment, and the client of the backend does not.
  "proxy-not-used",
  // An ingest pipeline of Elasticsearch dropped documents: they count as delivered, and are not stored.
  "dropped-by-pipeline",
] as const;

/** Codes of a `CheckReport`; a publisher may add its own. */
export const CHECK_CODES = [
  "ok",
  "closed",
  "timeout",
  "aborted",
  "publisher-failed",
  "page-failed",
  "not-listening",
  "connection-refused",
  "unreachable",
  "unknown-host",
  "broken-off",
  "no-answer",
  "tls",
  "client",
  "client-options",
  "client-closed",
  "too-many-files",
  "unauthorized",
  "forbidden",
  "not-found",
  "redirected",
  "rejected",
  "too-large",
  "rate-limited",
  "unavailable",
  "media-type",
  "not-elasticsearch",
  "unsupported-version",
  "template-missing",
  "template-shadowed",
  "mappings-shadowed",
  "write-unknown",
  "not-otlp",
  "clock-ahead",
  "out-of-order",
  "label-limit",
  "series-limit",
  "exemplars",
  "credentials-failed",
  "temporality",
  "discovery-failed",
  "endpoint-unknown",
  "stack-unknown",
] as const;
