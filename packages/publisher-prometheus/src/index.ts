// Entry point: the publisher and the types of its options.
export type { MetricsOptions } from "./http/metrics-endpoint.ts";
export type { PrometheusPublisherOptions, ScrapeBounds, ScrapeLabels } from "./options.ts";
export type { PageFormat } from "./page/exposition-text.ts";
export { PrometheusPublisher } from "./publisher.ts";
export type { WritableRegistry } from "./registrations.ts";
export type { ScrapeAuth, ScrapeTls } from "./scrape-option-rules.ts";
export type { ReadableRegistry } from "./sources/registry-families.ts";
export type { Watched } from "./sources/watched-publishers.ts";
