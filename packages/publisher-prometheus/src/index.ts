export type { PageFormat } from "./page/exposition-text.ts";
export type { PrometheusPublisherOptions, ScrapeAuth, ScrapeBounds, ScrapeLabels, ScrapeTls } from "./options.ts";
export { type MetricsOptions, PrometheusPublisher } from "./publisher.ts";
export type { WritableRegistry } from "./sources/registrations.ts";
export type { ReadableRegistry } from "./sources/registry-families.ts";
export type { Watched } from "./sources/watched-publishers.ts";
