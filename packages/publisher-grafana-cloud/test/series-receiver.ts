import { gunzipSync } from "node:zlib";
import { createFaultServer, type FaultServer } from "@eventmeter/testkit";
import { onTestFinished } from "vitest";

/** A series that was received: its labels, and the number of records of a histogram or the total of a counter. */
export interface ReceivedSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A receiver that rejects single series as Mimir does: with a 400 that names one, and the others are stored. */
export interface SeriesReceiver {
  readonly server: FaultServer;
  /** The newest value of each stored series, by its labels. */
  readonly stored: ReadonlyMap<string, ReceivedSeries>;
}

/** Opens a receiver. @param rejects returns the words for a series that is rejected */
export async function openReceiver(
  rejects: (labels: Readonly<Record<string, string>>) => string | undefined,
): Promise<SeriesReceiver> {
  const stored = new Map<string, ReceivedSeries>();
  const server = await createFaultServer(({ body }) => {
    let words: string | undefined;
    for (const series of seriesIn(body.length === 0 ? body : gunzipSync(body))) {
      const why = rejects(series.labels);
      if (why === undefined) stored.set(JSON.stringify(series.labels), series);
      else words ??= why;
    }
    return words === undefined
      ? {}
      : { status: 400, headers: { "content-type": "application/x-protobuf" }, body: words };
  });
  onTestFinished(() => server.close());
  return { server, stored };
}

type Field = readonly [number: number, value: Uint8Array];

const SUM = 7;
const HISTOGRAM = 9;

/** Reads an ExportMetricsServiceRequest by the numbers of its fields. */
function seriesIn(request: Uint8Array): ReceivedSeries[] {
  const found: ReceivedSeries[] = [];
  const metrics = inside(inside(inside([[0, request]], 0, 1), 1, 2), 2, 2);
  for (const [, metric] of metrics) {
    const name = text(inside([[0, metric]], 0, 1)[0]);
    for (const [kind, data] of fieldsOf(metric)) {
      if (kind !== SUM && kind !== HISTOGRAM) continue;
      for (const [, point] of inside([[0, data]], 0, 1)) {
        const labels: Record<string, string> = { __name__: name };
        for (const [, attribute] of inside([[0, point]], 0, kind === SUM ? 7 : HISTOGRAM)) {
          const value = inside(inside([[0, attribute]], 0, 2), 2, 1);
          labels[text(inside([[0, attribute]], 0, 1)[0])] = text(value[0]);
        }
        const number = inside([[0, point]], 0, 4)[0]?.[1] ?? new Uint8Array(8);
        const view = new DataView(number.buffer, number.byteOffset, 8);
        found.push({ labels, value: kind === SUM ? view.getFloat64(0, true) : Number(view.getBigUint64(0, true)) });
      }
    }
  }
  return found;
}

/** Returns the fields of number `inner` in all fields of number `outer`. */
function inside(fields: readonly Field[], outer: number, inner: number): Field[] {
  return fields
    .filter(([number]) => number === outer)
    .flatMap(([, value]) => fieldsOf(value).filter(([number]) => number === inner));
}

function text(field: Field | undefined): string {
  return Buffer.from(field?.[1] ?? []).toString("utf8");
}

function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at] as number;
      at += 1;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const type = tag & 7;
    const length = type === 2 ? varint() : type === 1 ? 8 : type === 5 ? 4 : 0;
    if (type === 0) varint();
    fields.push([tag >> 3, bytes.subarray(at, at + length)]);
    at += length;
  }
  return fields;
}
