export type { ElasticsearchClient, ElasticsearchRequest, ElasticsearchRequestOptions } from "./client.ts";
export type { ElasticsearchAuth, ElasticsearchDroppedRecord, ElasticsearchPublisherOptions } from "./options.ts";
export { ElasticsearchPublisher } from "./publisher.ts";
