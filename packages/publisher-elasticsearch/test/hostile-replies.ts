import {
  echoOf,
  type EchoForm,
  type FaultReply,
  type FaultScript,
  hostileReplies,
  type HostileReply,
} from "@eventmeter/testkit";

/** Answers the question what a server is, which every start asks. */
const ELASTICSEARCH: FaultReply = {
  body: JSON.stringify({ version: { number: "9.5.3" } }),
  headers: { "x-elastic-product": "Elasticsearch", "content-type": "application/json" },
};

/** Answers the questions that a start asks; undefined for every other request. */
export function answerStart({
  method,
  path,
}: {
  readonly method: string;
  readonly path: string;
}): FaultReply | undefined {
  if (method === "GET" && path === "/") return ELASTICSEARCH;
  if (!path.startsWith("/_index_template/_simulate_index/")) return undefined;
  return json({ template: { mappings: { _data_stream_timestamp: { enabled: true } }, aliases: {} } });
}

/** Lets the start find an Elasticsearch, so that the script is for those behind it. */
export function onceStarted(script: FaultScript): FaultScript {
  return (request, index) => {
    const isSimulation = request.path.startsWith("/_index_template/_simulate_index/");
    const reply = index === 0 || isSimulation ? answerStart(request) : undefined;
    return reply ?? (typeof script === "function" ? script(request, index) : (script as FaultReply));
  };
}

const PRODUCT = { "x-elastic-product": "Elasticsearch" };

/** Answers that repeat what was asked, in the forms that are Elasticsearch's own. */
const FORMS: Readonly<Record<string, EchoForm>> = {
  "an error of Elasticsearch's": (request, status) => {
    const reason = echoOf(request);
    const error = { type: "some_exception", reason, root_cause: [{ type: "some_exception", reason }] };
    return json({ error: { ...error, caused_by: { type: reason, reason } }, status });
  },
  "an error of which the type is a word of the document": (request, status) => {
    const type = /canary_\w+/.exec(echoOf(request))?.[0] ?? "canary";
    return json({ error: { type, reason: type }, status, version: { number: type } });
  },
  "JSON that names no product": (request) => ({
    ...json({ error: echoOf(request), message: echoOf(request) }),
    headers: {},
  }),
  "headers of Elasticsearch's": ({ headers: { authorization = "none", "x-tenant": tenant = "none" } }) => ({
    headers: {
      ...PRODUCT,
      warning: `299 Elasticsearch-9.5.3 "${authorization} ${tenant}"`,
      "www-authenticate": authorization,
      "retry-after": authorization,
      "set-cookie": [authorization, tenant],
      "content-type": tenant,
      "x-opaque-id": authorization,
    },
  }),
};

function json(body: unknown): FaultReply {
  return { body: JSON.stringify(body), headers: { ...PRODUCT, "content-type": "application/json" } };
}

/** Answers of a bulk request of which the items repeat their documents. */
const partials: readonly HostileReply[] = [400, 403, 404, 409, 429, 500].map((status) => ({
  name: `items with ${status} that repeat their documents`,
  script: (request) => {
    const reason = echoOf(request);
    const type = /canary_\w+/.exec(reason)?.[0] ?? reason;
    const item = { _id: reason, _index: reason, status, error: { type, reason, caused_by: { type, reason } } };
    const items = Array.from({ length: (Buffer.from(request.body).toString().split("\n").length - 1) / 2 }, () => ({
      create: item,
    }));
    return json({ errors: true, items });
  },
  echoes: true,
}));

const wrongProduct: HostileReply = {
  name: "a product that is the credentials",
  script: (request) => ({
    body: echoOf(request),
    headers: { "x-elastic-product": request.headers["authorization"] ?? "none" },
  }),
  echoes: true,
};

const untypedEndless: HostileReply = {
  name: "endless-body without a content type",
  script: { fault: "endless-body", headers: PRODUCT },
  echoes: false,
};

/** Everything that is tried. */
export const hostileCases: readonly HostileReply[] = [
  ...hostileReplies({ headers: PRODUCT, credentials: ["authorization", "x-tenant"], forms: FORMS }),
  untypedEndless,
  wrongProduct,
  ...partials,
];
