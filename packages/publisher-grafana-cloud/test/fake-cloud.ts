import { createFaultServer, type FaultReply, type FaultRequest, type FaultServer } from "@eventmeter/testkit";

/** A stack as the Cloud API lists it. */
export interface FakeStack {
  readonly id: number;
  readonly slug: string;
  readonly status?: string | undefined;
  readonly regionSlug?: string | undefined;
  readonly clusterSlug?: string | undefined;
  readonly description?: string | undefined;
}

/** A Cloud API and the gateway of its stacks, on one loopback server. */
export interface FakeCloud extends AsyncDisposable {
  readonly server: FaultServer;
  readonly apiUrl: string;
  readonly otlpUrl: string;
  /** Requests to the API, as `GET /orgs/acme/instances`. */
  readonly asked: readonly string[];
  /** Requests to the gateway. */
  readonly pushed: readonly FaultRequest[];
  stacks: readonly FakeStack[];
  pageSize: number;
  /** What the API answers instead, by path. */
  readonly api: Map<string, FaultReply>;
  /** What the gateway answers, one after the other and then empty 200s. */
  gateway: FaultReply[];
  /** What the connections of a stack name; null for none. */
  otlp: { newer: string | null | undefined; older: string | null };
}

export const TOKEN = `glc_${Buffer.from(JSON.stringify({ o: "4711", n: "push", k: "k-secret", m: { r: "eu" } })).toString("base64")}`;

/** A JSON answer. */
export function json(status: number, value: unknown): FaultReply {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

/** Opens a cloud with one active stack, `acme` in region `eu`. */
export async function openCloud(): Promise<FakeCloud> {
  const server = await createFaultServer((request) => answer(request));
  const asked: string[] = [];
  const pushed: FaultRequest[] = [];
  const otlpUrl = `${server.url}otlp`;
  const cloud: FakeCloud = {
    server,
    apiUrl: `${server.url}api`,
    otlpUrl,
    asked,
    pushed,
    stacks: [{ id: 123_456, slug: "acme" }],
    pageSize: 100,
    api: new Map(),
    gateway: [],
    otlp: { newer: server.url, older: null },
    [Symbol.asyncDispose]: () => server.close(),
  };

  function answer(request: FaultRequest): FaultReply {
    const { pathname, searchParams } = new URL(request.path, server.url);
    if (!pathname.startsWith("/api/")) {
      pushed.push(request);
      return pathname === "/otlp/v1/metrics" ? (cloud.gateway.shift() ?? {}) : { status: 404 };
    }
    const path = pathname.slice("/api".length);
    asked.push(`${request.method} ${request.path.slice("/api".length)}`);
    const planned = cloud.api.get(path);
    if (planned !== undefined) return planned;
    if (request.headers["authorization"] !== `Bearer ${TOKEN}`)
      return json(401, { code: "InvalidCredentials", message: "Login Required or invalid credentials" });
    if (path === "/orgs/acme/instances") return list(searchParams);
    const id = /^\/(?:v1\/stacks|instances)\/(\d+)\/connections$/.exec(path)?.[1];
    if (!cloud.stacks.some((stack) => String(stack.id) === id))
      return json(404, { code: "NotFound", message: "not found" });
    if (path.startsWith("/instances/")) return json(200, { otlpHttpUrl: cloud.otlp.older, otlpMultiAZ: false });
    if (cloud.otlp.newer === undefined)
      return json(404, { code: "NotFound", message: "no such route", statusCode: 404 });
    const otlp = cloud.otlp.newer === null ? { multiAZ: false } : { url: cloud.otlp.newer, multiAZ: false };
    return json(200, { otlp, services: { influxUrl: "https://influx.example" }, tenants: null });
  }

  function list(search: URLSearchParams): FaultReply {
    const slug = search.get("slug");
    const page = Number(search.get("page") ?? 1);
    const { pageSize } = cloud;
    const all = cloud.stacks
      .filter((stack) => slug === null || stack.slug === slug)
      .map((stack) => ({
        name: stack.slug,
        url: `https://${stack.slug}.grafana.net`,
        status: "active",
        regionSlug: "eu",
        clusterSlug: "prod-eu-west-0",
        hmInstancePromId: stack.id + 1,
        ...stack,
      }));
    const items = all.slice((page - 1) * pageSize, page * pageSize);
    const pages = Math.max(Math.ceil(all.length / pageSize), 1);
    return json(200, { items, orderBy: "name", direction: "asc", total: all.length, pages, pageSize, page });
  }

  return cloud;
}
