export type { PageFormat } from "./encode.ts";
export type { PrometheusPublisherOptions, ScrapeAuth, ScrapeBounds, ScrapeLabels, ScrapeTls } from "./options.ts";
export { type MetricsOptions, PrometheusPublisher } from "./publisher.ts";
export type { WritableRegistry } from "./registration.ts";
export type { ReadableRegistry } from "./registry.ts";
export type { Watched } from "./watch.ts";
