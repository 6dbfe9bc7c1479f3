import {
  type CommonOptions,
  type Diagnostic,
  isPublisherError,
  type MetricsPublisher,
  type PublisherError,
} from "@eventmeter/core";
import { ElasticsearchPublisher } from "@eventmeter/publisher-elasticsearch";
import { GrafanaCloudPublisher } from "@eventmeter/publisher-grafana-cloud";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";
import { type DemoOptions, UsageError } from "./arguments.ts";
import { ndjsonPublisher } from "./ndjson-publisher.ts";

/** Where the demo publishes to. */
export interface Backends {
  readonly page: PrometheusPublisher;
  readonly all: readonly MetricsPublisher[];
  /** Those of this machine: without them there is no demo. Whether the others are up is for them to find out. */
  readonly own: readonly MetricsPublisher[];
}

/** Who hears of what goes on. */
export interface Listeners {
  readonly onError: (error: PublisherError) => void;
  readonly onDiagnostic: (diagnostic: Diagnostic) => void;
}

/** Variables of the environment, as the process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Makes the publishers: the page and the file always, further ones where the environment has their settings. */
export function createBackends(
  { port, host, ndjson }: DemoOptions,
  environment: Environment,
  { onError, onDiagnostic }: Listeners,
): Backends {
  const common = { resource: { serviceName: "eventmeter-demo" }, onError, onDiagnostic };
  const page = new PrometheusPublisher({ port, host, exemplars: true, processMetrics: true, ...common });
  const file = ndjsonPublisher(ndjson, { onError });
  const faults: string[] = [];
  const remote = REMOTE.map(({ name, make, variables }) => {
    try {
      return make(environment, common);
    } catch (error) {
      faults.push(...faultsIn(error, name, variables));
      return undefined;
    }
  });
  if (faults.length > 0) throw new UsageError(faults.join("\n"));
  const own = [page, file];
  return { page, own, all: [...own, ...remote.filter((publisher) => publisher !== undefined)] };
}

interface Remote {
  readonly name: string;
  readonly make: (environment: Environment, common: CommonOptions) => MetricsPublisher | undefined;
  /** The variable that each option is taken from. */
  readonly variables: Readonly<Record<string, string>>;
}

const REMOTE: readonly Remote[] = [
  {
    name: "elasticsearch",
    make: elasticsearch,
    variables: { hosts: "ELASTICSEARCH_URL", auth: "ELASTICSEARCH_API_KEY" },
  },
  {
    name: "grafana-cloud",
    make: grafanaCloud,
    variables: {
      endpoint: "GRAFANA_CLOUD_ENDPOINT",
      apiKey: "GRAFANA_CLOUD_API_KEY",
      instanceId: "GRAFANA_CLOUD_INSTANCE_ID",
      orgSlug: "GRAFANA_CLOUD_ORG_SLUG",
      region: "GRAFANA_CLOUD_REGION",
      stackSlug: "GRAFANA_CLOUD_STACK_SLUG",
    },
  },
  {
    name: "otlp",
    make: receiver,
    variables: { endpoint: "OTEL_EXPORTER_OTLP_ENDPOINT", headers: "OTEL_EXPORTER_OTLP_HEADERS" },
  },
];

/** Gives each fault of a publisher's options with the publisher and the variable that it is in. */
function faultsIn(error: unknown, name: string, variables: Remote["variables"]): string[] {
  if (error instanceof UsageError) return [error.message];
  if (!isPublisherError(error)) throw error;
  const lines = error.message.split("\n").slice(1);
  return lines.map((line) => {
    const [, option = ""] = /^\s*(\w+)/.exec(line) ?? [];
    return `${name}: ${variables[option] ?? "options"}: ${line.trim()}`;
  });
}

function elasticsearch(environment: Environment, common: CommonOptions): MetricsPublisher | undefined {
  const { ELASTICSEARCH_URL: url, ELASTICSEARCH_API_KEY: apiKey } = given(environment);
  if (url === undefined) return undefined;
  return new ElasticsearchPublisher({ hosts: [url], auth: apiKey === undefined ? undefined : { apiKey }, ...common });
}

// Often enough to watch it: whoever pays for samples leaves it at a minute.
const intervalMs = 5_000;

function grafanaCloud(environment: Environment, common: CommonOptions): MetricsPublisher | undefined {
  const {
    GRAFANA_CLOUD_API_KEY: apiKey,
    GRAFANA_CLOUD_ENDPOINT: endpoint,
    GRAFANA_CLOUD_INSTANCE_ID: instanceId,
    GRAFANA_CLOUD_ORG_SLUG: orgSlug,
    GRAFANA_CLOUD_REGION: region,
    GRAFANA_CLOUD_STACK_SLUG: stackSlug,
  } = given(environment);
  if (!Object.keys(given(environment)).some((name) => name.startsWith("GRAFANA_CLOUD_"))) return undefined;
  const rest = { intervalMs, ...common };
  if (apiKey !== undefined && endpoint !== undefined && instanceId !== undefined)
    return new GrafanaCloudPublisher({ endpoint, instanceId, apiKey, ...rest });
  if (apiKey !== undefined && orgSlug !== undefined && region !== undefined)
    return new GrafanaCloudPublisher({ orgSlug, region, apiKey, stackSlug, ...rest });
  throw new UsageError(
    "Grafana Cloud needs GRAFANA_CLOUD_API_KEY, with GRAFANA_CLOUD_ENDPOINT and GRAFANA_CLOUD_INSTANCE_ID or with GRAFANA_CLOUD_ORG_SLUG and GRAFANA_CLOUD_REGION",
  );
}

function receiver(environment: Environment, common: CommonOptions): MetricsPublisher | undefined {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: headers = "" } = given(environment);
  if (endpoint === undefined) return undefined;
  return new GrafanaCloudPublisher({ name: "otlp", endpoint, headers: readHeaders(headers), intervalMs, ...common });
}

/** Reads `name=value,name=value`, values percent-encoded: https://opentelemetry.io/docs/specs/otel/protocol/exporter/. */
function readHeaders(text: string): Record<string, string> {
  const pairs = text.split(",").filter((pair) => pair.includes("="));
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = "", ...value] = pair.split("=");
      return [name.trim(), decodeURIComponent(value.join("=").trim())];
    }),
  );
}

/** An empty variable is as good as none. */
function given(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""));
}
