// Read by the compiler only: what the signatures promise to users.
import { Client as Client9 } from "@elastic/elasticsearch";
import type { MetricsPublisher } from "@eventmeter/core";
import type { DeliveryOptions, DroppedRecord } from "@eventmeter/delivery";
import {
  type ElasticsearchClient,
  type ElasticsearchDroppedRecord,
  ElasticsearchPublisher,
  type ElasticsearchPublisherOptions,
} from "@eventmeter/publisher-elasticsearch";
import { Client as Client8 } from "elasticsearch-8";

declare const apiKey: string | undefined;
const node = "https://es.example:9200";

// Both majors are the client that is meant, without a cast.
export const clients: readonly ElasticsearchClient[] = [new Client9({ node }), new Client8({ node })];
export const publishers: readonly MetricsPublisher[] = [
  new ElasticsearchPublisher({ client: new Client9({ node }) }),
  new ElasticsearchPublisher({ client: new Client8({ node }), namespace: "staging" }),
  new ElasticsearchPublisher({ hosts: [node], auth: apiKey === undefined ? undefined : { apiKey } }),
  new ElasticsearchPublisher({
    hosts: [node],
    auth: { username: "u", password: "p" },
    clientOptions: { tls: { ca: "…" } },
  }),
  new ElasticsearchPublisher({ hosts: [node], auth: { bearer: "b" }, indexPrefix: "jobs" }),
];

// @ts-expect-error -- one kind of credentials
export const mixed: ElasticsearchPublisherOptions = { hosts: [node], auth: { apiKey: "k", bearer: "b" } };
// @ts-expect-error -- a user has a password
export const half: ElasticsearchPublisherOptions = { hosts: [node], auth: { username: "u" } };
// @ts-expect-error -- hosts are a list
export const single: ElasticsearchPublisherOptions = { hosts: node };

// What delivery takes is taken here, by the same types, though none of delivery's is named in the signatures.
declare const delivery: DeliveryOptions;
export const options: ElasticsearchPublisherOptions = { hosts: [node], ...delivery };
declare const ours: Pick<ElasticsearchPublisherOptions, keyof DeliveryOptions>;
export const theirs: DeliveryOptions = ours;
declare const dropped: ElasticsearchDroppedRecord;
export const given: DroppedRecord = dropped;
