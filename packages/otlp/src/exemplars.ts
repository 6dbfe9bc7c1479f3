import type { Exemplar, HistogramSnapshot } from "@eventmeter/aggregation";
import { attributeLength, writeAttribute } from "./attributes.ts";
import {
  DELIMITED,
  fieldLength,
  FIXED64,
  tagOf,
  type Wire,
  writeDouble,
  writeHead,
  writeTime,
} from "./protobuf-writer.ts";

/** In a histogram data point. */
const EXEMPLAR = tagOf(8, DELIMITED);
const TIME = tagOf(2, FIXED64);
const VALUE = tagOf(3, FIXED64);
const TRACE_ID = tagOf(5, DELIMITED);
const ATTRIBUTE = tagOf(7, DELIMITED);

const TRACE_BYTES = 16;
const TRACE = /^[0-9a-fA-F]{32}$/;

/** Gives the bytes of the exemplars of one label set. */
export function exemplarsLength(family: HistogramSnapshot, index: number): number {
  let length = 0;
  for (let bucket = 0; bucket <= family.bounds.length; bucket += 1) {
    const exemplar = family.exemplar(index, bucket);
    if (exemplar !== undefined) length += fieldLength(exemplarLength(exemplar));
  }
  return length;
}

/** Appends the exemplars of one label set. */
export function writeExemplars(wire: Wire, family: HistogramSnapshot, index: number): void {
  for (let bucket = 0; bucket <= family.bounds.length; bucket += 1) {
    const exemplar = family.exemplar(index, bucket);
    if (exemplar !== undefined) writeExemplar(wire, exemplar);
  }
}

function exemplarLength({ labels }: Exemplar): number {
  let length = 9 + 9;
  for (const name of Object.keys(labels)) {
    const text = labels[name] as string;
    length += isTrace(name, text) ? fieldLength(TRACE_BYTES) : attributeLength(name, text);
  }
  return length;
}

function writeExemplar(wire: Wire, exemplar: Exemplar): void {
  const { labels, value, time } = exemplar;
  writeHead(wire, EXEMPLAR, exemplarLength(exemplar));
  wire.bytes[wire.at] = TIME;
  wire.at += 1;
  writeTime(wire, time);
  wire.bytes[wire.at] = VALUE;
  wire.at += 1;
  writeDouble(wire, value);
  for (const name of Object.keys(labels)) {
    const text = labels[name] as string;
    if (isTrace(name, text)) writeTrace(wire, text);
    else writeAttribute(wire, ATTRIBUTE, name, text);
  }
}

/** Only an id of 16 bytes fits the field of its own; any other stays a label, as it was. */
function isTrace(name: string, text: string): boolean {
  return name === "trace_id" && TRACE.test(text);
}

function writeTrace(wire: Wire, hex: string): void {
  writeHead(wire, TRACE_ID, TRACE_BYTES);
  for (let at = 0; at < hex.length; at += 2) {
    wire.bytes[wire.at] = (digit(hex.charCodeAt(at)) << 4) | digit(hex.charCodeAt(at + 1));
    wire.at += 1;
  }
}

/** The letters of hex digits, large and small, end in 1 to 6. */
function digit(code: number): number {
  return code < 0x40 ? code & 15 : (code & 15) + 9;
}
