// Samples of one family of a foreign registry.
import type { PlainFamily, PlainSample } from "../page/plain-families.ts";
import { LabelReader } from "./registry-labels.ts";
import { SampleValidator } from "./sample-validator.ts";

/** How many samples are read in a step, which takes far less than a slice. */
const SAMPLES_PER_STEP = 64;

const MAX_EXEMPLAR_CHARACTERS = 128;

/**
 * Reads the samples of one family, in steps. Returns those that can be shown; undefined if the family is left out as a
 * whole, as a histogram or summary is with its first problem.
 * @param given name by which the registry calls the family
 * @param reportProblem called with the reason for each thing that is left out
 */
export function* readSamples(
  { name, type }: Pick<PlainFamily, "name" | "type">,
  given: string,
  values: readonly unknown[],
  reportProblem: (reason: string) => void,
): Generator<void, PlainSample[] | undefined> {
  const validator = new SampleValidator(name, type);
  const labelReader = new LabelReader(validator.boundName);
  const samples: PlainSample[] = [];
  for (let index = 0; index < values.length; index += 1) {
    if (index % SAMPLES_PER_STEP === SAMPLES_PER_STEP - 1) yield;
    const entry = (values[index] ?? {}) as Readonly<Record<string, unknown>>;
    const { metricName, value: number, exemplar } = entry;
    const labels = labelReader.read(entry["labels"]);
    const own = typeof metricName === "string" && metricName !== given ? metricName : name;
    const problem =
      labels === undefined
        ? "a label has an illegal name"
        : typeof number !== "number" && typeof number !== "bigint"
          ? "a value is no number"
          : validator.problemOf(own, labels, Number(number));
    if (problem === undefined && labels !== undefined)
      samples.push({ name: own, labels: labels.pairs, value: Number(number), exemplar: readExemplar(exemplar) });
    else if (problem !== undefined) reportProblem(problem);
    if (problem !== undefined && validator.isCompound) return undefined;
  }
  if (validator.isComplete()) return samples;
  reportProblem("a histogram lacks its bucket +Inf or its count");
  return undefined;
}

function readExemplar(exemplar: unknown): PlainSample["exemplar"] {
  if (typeof exemplar !== "object" || exemplar === null) return undefined;
  const { labelSet, value, timestamp } = exemplar as Readonly<Record<string, unknown>>;
  const labels = new LabelReader().read(labelSet)?.pairs;
  if (labels === undefined || typeof value !== "number" || !Number.isFinite(value)) return undefined;
  if (labels.flat().join("").length > MAX_EXEMPLAR_CHARACTERS) return undefined;
  return {
    labels: Object.fromEntries(labels),
    value,
    timestamp: typeof timestamp === "number" ? timestamp : undefined,
  };
}
