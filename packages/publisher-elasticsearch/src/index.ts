// Entry point: the publisher and the types of its options.
export type {
  ElasticsearchClient,
  ElasticsearchRequest,
  ElasticsearchRequestOptions,
} from "./connection/client-types.ts";
export type { ElasticsearchAuth, ElasticsearchDroppedRecord, ElasticsearchPublisherOptions } from "./options.ts";
export { ElasticsearchPublisher } from "./publisher.ts";
