// Entry point: the publisher and its options.
export type {
  GrafanaCloudBounds,
  GrafanaCloudLabels,
  GrafanaCloudOrganisationOptions,
  GrafanaCloudPublisherOptions,
  GrafanaCloudSeriesOptions,
  GrafanaCloudTileOptions,
  OtlpReceiverOptions,
} from "./option-types.ts";
export { GrafanaCloudPublisher } from "./publisher.ts";
