import { echoOf, type EchoForm, type FaultReply, hostileReplies, type HostileReply } from "@eventmeter/testkit";

const PROTOBUF = { "content-type": "application/x-protobuf" };

/** Gives a text as a field of a protobuf message, behind `before`. */
function field(tag: number, content: Uint8Array, before: readonly number[] = []): Buffer {
  const length: number[] = [];
  for (let left = content.length; ; left >>>= 7) {
    if (left < 0x80) {
      length.push(left);
      break;
    }
    length.push((left & 0x7f) | 0x80);
  }
  return Buffer.concat([Buffer.from([...before, tag, ...length]), content]);
}

/** Answers that repeat what was asked, in the forms that are those of OTLP, Mimir and the Cloud API. */
const FORMS: Readonly<Record<string, EchoForm>> = {
  "known words in JSON": (request) =>
    json({
      code: 3,
      message: `err-mimir-max-series-per-user label value out of order invalid token ${echoOf(request)}`,
    }),
  "a partial success in JSON": (request) =>
    json({ partialSuccess: { rejectedDataPoints: "3", errorMessage: `max series ${echoOf(request)}` } }),
  "a status in protobuf": (request) => ({ headers: PROTOBUF, body: field(0x12, Buffer.from(echoOf(request)), [8, 3]) }),
  "a partial success in protobuf": (request) => ({
    headers: PROTOBUF,
    body: field(0x0a, field(0x12, Buffer.from(`label ${echoOf(request)}`), [8, 3])),
  }),
  // As a list of stacks: names that are the credentials.
  names: ({ headers: { authorization = "none" } }) => {
    const name = authorization.replace(/^\w+ /, "").replace(/=+$/, "");
    const stacks = [1, 2].map((id) => ({ id, slug: name, status: name, regionSlug: name, clusterSlug: name }));
    return json({ items: stacks, pages: 1, otlp: { url: `https://${name}@x.example` }, otlpHttpUrl: name });
  },
};

function json(body: unknown): FaultReply {
  return { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
}

/** Everything that is tried. */
export const hostileCases: readonly HostileReply[] = hostileReplies({
  contentType: PROTOBUF["content-type"],
  credentials: ["authorization", "x-tenant"],
  forms: FORMS,
});
