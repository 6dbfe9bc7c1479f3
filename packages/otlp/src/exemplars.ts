// Exemplars of histogram data points.
import type { Exemplar, HistogramSnapshot } from "@eventmeter/aggregation";
import { attributeLength, writeAttribute } from "./attributes.ts";
import {
  DELIMITED,
  fieldLength,
  FIXED64,
  tagOf,
  type ProtobufMessage,
  writeDouble,
  writeTagAndLength,
  writeTime,
} from "./protobuf-writer.ts";

/** Tag of an exemplar in a histogram data point. */
const EXEMPLAR = tagOf(8, DELIMITED);
const TIME = tagOf(2, FIXED64);
const VALUE = tagOf(3, FIXED64);
const TRACE_ID = tagOf(5, DELIMITED);
const ATTRIBUTE = tagOf(7, DELIMITED);

const TRACE_BYTES = 16;
const TRACE_ID_TEXT = /^[0-9a-fA-F]{32}$/;

/** Returns how many bytes the exemplars of one label set take. */
export function exemplarsLength(family: HistogramSnapshot, index: number): number {
  let length = 0;
  for (let bucket = 0; bucket <= family.bounds.length; bucket += 1) {
    const exemplar = family.exemplar(index, bucket);
    if (exemplar !== undefined) length += fieldLength(exemplarLength(exemplar));
  }
  return length;
}

/** Appends the exemplars of one label set. */
export function writeExemplars(message: ProtobufMessage, family: HistogramSnapshot, index: number): void {
  for (let bucket = 0; bucket <= family.bounds.length; bucket += 1) {
    const exemplar = family.exemplar(index, bucket);
    if (exemplar !== undefined) writeExemplar(message, exemplar);
  }
}

function exemplarLength({ labels }: Exemplar): number {
  let length = 9 + 9;
  for (const name of Object.keys(labels)) {
    const text = labels[name] as string;
    length += isTraceId(name, text) ? fieldLength(TRACE_BYTES) : attributeLength(name, text);
  }
  return length;
}

function writeExemplar(message: ProtobufMessage, exemplar: Exemplar): void {
  const { labels, value, time } = exemplar;
  writeTagAndLength(message, EXEMPLAR, exemplarLength(exemplar));
  message.bytes[message.at] = TIME;
  message.at += 1;
  writeTime(message, time);
  message.bytes[message.at] = VALUE;
  message.at += 1;
  writeDouble(message, value);
  for (const name of Object.keys(labels)) {
    const text = labels[name] as string;
    if (isTraceId(name, text)) writeTraceId(message, text);
    else writeAttribute(message, ATTRIBUTE, name, text);
  }
}

/** Only an id of 16 bytes fits the field for trace ids; any other stays an attribute. */
function isTraceId(name: string, text: string): boolean {
  return name === "trace_id" && TRACE_ID_TEXT.test(text);
}

function writeTraceId(message: ProtobufMessage, hex: string): void {
  writeTagAndLength(message, TRACE_ID, TRACE_BYTES);
  for (let at = 0; at < hex.length; at += 2) {
    message.bytes[message.at] = (hexDigit(hex.charCodeAt(at)) << 4) | hexDigit(hex.charCodeAt(at + 1));
    message.at += 1;
  }
}

/** Returns the value of a hex digit; the codes of letters, upper and lower case, end in 1 to 6. */
function hexDigit(code: number): number {
  return code < 0x40 ? code & 15 : (code & 15) + 9;
}
