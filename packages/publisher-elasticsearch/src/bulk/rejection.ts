// Rejections that are not a document's fault: their text with advice, and how they are recognised.
import { errorIn, exceptionName, type Reply, type ResultStatus, statusText } from "../connection/reply.ts";

/** Returns why a lane (a data stream or daily index) is held, and what to do. */
export function rejectionText(rejection: ResultStatus, lane: string, isStream: boolean): string {
  return `Elasticsearch rejects documents for ${lane} (${statusText(rejection)}): ${adviceFor(rejection, isStream)}`;
}

/** Returns why a lane is held whose documents are all rejected with one error that does not look like theirs. */
export function sharedRejectionText(rejection: ResultStatus, lane: string): string {
  const what = `Elasticsearch rejects all documents for ${lane} (${statusText(rejection)})`;
  return `${what}: does the ingest pipeline exist that is named by the option pipeline, index.default_pipeline or index.final_pipeline?`;
}

function adviceFor({ status, type }: ResultStatus, isStream: boolean): string {
  if (type === "cluster_block_exception")
    return "writes are blocked; remove the block, read-only or no space, from index or cluster";
  if (type === "index_closed_exception") return "the index is closed; open it, or let the stream roll over";
  if (type === "validation_exception")
    return "the cluster has no room for another index; remove some, or raise cluster.max_shards_per_node";
  if (type === "index_not_found_exception")
    return isStream
      ? "the index template for it is missing or makes no data stream; check() names it; where there is none, let a key with manage_index_templates start once"
      : "the cluster makes no index for it: see action.auto_create_index, or let a key with manage_index_templates start once";
  if (type === "resource_not_found_exception")
    return "a plain index has this name; remove it, or use another namespace";
  if (status === 401) return "the credentials are not accepted; check auth";
  if (status === 403) return "the key may not write there; it needs create_doc and auto_configure";
  if (status >= 300 && status < 400) return "it redirects; give the final address in hosts";
  if (status === 404) return "nothing is there; check the address in hosts";
  return "the request is not understood; check the address in hosts, and that the server is 8.13 or newer";
}

/** Returns whether a request with status 400 was rejected for the request itself, not for a document in it. */
export function isMisconfigured({ body }: Reply): boolean {
  const error = errorIn(body);
  const type = exceptionName(error);
  // Elasticsearch names a type; a proxy, or a path that no version knows, does not.
  if (type === undefined || type === "media_type_header_exception") return true;
  const { reason } = error as { readonly reason?: unknown };
  return type === "illegal_argument_exception" && /contains unrecognized parameter/.test(String(reason));
}

/** Statuses with 4xx that are about credentials, size or load, whoever answers with them. */
const NOT_ABOUT_CONTENT: ReadonlySet<number> = new Set([401, 407, 408, 413, 425, 429]);

/** Returns whether a request was rejected by something else than Elasticsearch, such as a firewall, for what it contains. */
export function isOfMiddleBox({ status, body }: Reply): boolean {
  return status >= 400 && status < 500 && !NOT_ABOUT_CONTENT.has(status) && errorIn(body) === undefined;
}
